import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from every_eval.sources.eval_harness.row_decoder import RowDecoder
from every_eval.sources.eval_harness.sample_records import Record
from every_eval.sources.source import Reject

Decoded = list[tuple[int, list[tuple[str, Any]]] | str]


def decode(*written: dict[str, Any] | str) -> Decoded:
    """Return the document and the values of each row, or the detail of its reject, however many are decoded at once."""
    one_by_one, *others = [decode_in_batches(written, size) for size in (1, 2, 3, len(written))]
    assert others == [one_by_one] * 3
    return one_by_one


def decode_in_batches(written: Sequence[dict[str, Any] | str], size: int) -> Decoded:
    decoder = RowDecoder()
    texts = [row if isinstance(row, str) else json.dumps(row) for row in written]
    records = [Record(position, text.encode()) for position, text in enumerate(texts)]
    found: Decoded = []
    for start in range(0, len(records), size):
        for decoded in decoder.decode(records[start : start + size], "samples.jsonl"):
            if isinstance(decoded, Reject):
                found.append(f"{decoded.place}: {decoded.detail}")
            else:
                found.append((decoded[0].doc_id, list(decoded[1])))
    return found


def row(doc_id: Any, *metrics: str, **values: Any) -> dict[str, Any]:
    return {"doc_id": doc_id, "filter": "none", "metrics": list(metrics), **values}


def test_rows_that_name_the_same_metrics_have_their_values() -> None:
    rows = [row(number, "acc", "f1", acc=number, f1=[0.5], other=1) for number in range(3)]
    assert decode(*rows) == [(number, [("acc", number), ("f1", [0.5])]) for number in range(3)]


def test_a_row_may_name_others_or_none() -> None:
    rows = [row(0, "acc", acc=1), row(1, "f1", acc=1, f1=2), row(2), row(3, "acc", acc=3), {"doc_id": 4, "acc": 4}]
    assert decode(*rows) == [(0, [("acc", 1)]), (1, [("f1", 2)]), (2, []), (3, [("acc", 3)]), (4, [("acc", 4)])]


def test_ever_other_metrics_cost_no_rows() -> None:
    rows = [row(number, f"m{number}", **{f"m{number}": number}) for number in range(50)]
    assert decode(*rows, *rows) == [(number, [(f"m{number}", number)]) for number in range(50)] * 2


@pytest.mark.parametrize("name", ['q"r', "a\\b", "a\nb", "", "é", "a b", "doc", "metric_0", "class"])
def test_any_text_names_a_metric(name: str) -> None:
    written = row(0, name, **{name: 1})
    assert decode(written, written) == [(0, [(name, 1)])] * 2


def test_a_metric_that_is_named_twice_has_one_value() -> None:
    assert decode(row(0, "acc", "acc", acc=1), row(1, "acc", "acc", acc=0)) == [(0, [("acc", 1)]), (1, [("acc", 0)])]


def test_a_column_that_is_named_and_not_there_is_unset() -> None:
    rows = [row(0, "acc", acc=1), row(1, "acc"), row(2, "f1")]
    assert decode(*rows)[1:] == [(1, [("acc", msgspec.UNSET)]), (2, [("f1", msgspec.UNSET)])]


def test_an_odd_row_costs_itself_alone() -> None:
    good = row(0, "acc", acc=1)
    found = decode(good, row("x", "acc", acc=1), "[1]", '{"doc_id": 1', row("7", "acc", acc=float("nan")), good)
    assert (found[0], found[4], found[5]) == ((0, [("acc", 1)]), (7, [("acc", "NaN")]), (0, [("acc", 1)]))
    assert [str(item).partition(":")[0] for item in found[1:4]] == ["$[1].doc_id", "$[2]", "$[3]"]


def test_a_type_that_changes_within_a_batch_gives_no_row_the_values_of_another_metric() -> None:
    rows = [row(0, "a", "b", a=1, b=2), row(1, "b", "a", a=1, b=2), row(2, "a", "b", a=1, b=2), row(3, "b", a=1, b=2)]
    assert (
        decode(*rows, *rows)
        == [
            (0, [("a", 1), ("b", 2)]),
            (1, [("b", 2), ("a", 1)]),
            (2, [("a", 1), ("b", 2)]),
            (3, [("b", 2)]),
        ]
        * 2
    )
