from every_eval.contracts.samples import REFERENCES
from every_eval.sources.references import reference_array, tagged


def test_each_row_has_its_references_with_the_correct_ones_tagged() -> None:
    rows = [(["a", "b", "c"], [2, 0]), ([], range(0)), (["a"], [])]
    found = reference_array(rows)
    assert found.type == REFERENCES
    assert found.to_pylist() == [
        [{"text": "a", "tags": ["correct"]}, {"text": "b", "tags": []}, {"text": "c", "tags": ["correct"]}],
        [],
        [{"text": "a", "tags": []}],
    ]
    for (texts, correct), references in zip(rows, found.to_pylist(), strict=True):
        assert tagged(texts, correct) == [(reference["text"], reference["tags"]) for reference in references]
