import json
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pytest

from every_eval.contracts.helm_tables import PUBLISHED_CELL
from every_eval.errors import UpstreamMalformed
from every_eval.sources.helm.published_cells import PublishedCell, parse_group
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage

FILE = "lite/benchmark_output/releases/v1.1.0/groups/core_scenarios.json"


def _parse(*rows: list[dict[str, Any]], header: list[dict[str, Any]] | None = None) -> list[PublishedCell]:
    headers = [{"value": "Model"}, {"value": "EM"}][: len(rows[0])] if header is None else header
    return parse_group("g", json.dumps([{"title": "t", "header": headers, "rows": rows}]).encode())


def test_every_cell_of_a_real_file_is_there_in_order() -> None:
    raw = ArchiveStorage(HELM_SAMPLE).read(FILE)
    expected = [
        (t, r, c, row[0]["value"], table["header"][c]["value"], None if c == 0 else cell.get("value"))
        for t, table in enumerate(json.loads(raw))
        for r, row in enumerate(table["rows"])
        for c, cell in enumerate(row)
    ]
    cells = parse_group("core_scenarios", raw)

    assert len(expected) > 100
    assert [(*cell[1:2], *cell[4:6], cell.row_label, cell.column, cell.value) for cell in cells] == expected


def test_columns_say_what_they_show() -> None:
    first = parse_group("core_scenarios", ArchiveStorage(HELM_SAMPLE).read(FILE))[:3]

    assert [cell.column for cell in first] == ["Model/adapter", "Mean win rate", "NarrativeQA - F1"]
    assert [cell.lower_is_better for cell in first] == [None, False, False]
    assert first[2].metric == "F1"
    assert first[2].run_group == "NarrativeQA"
    assert first[2].column_title == "F1"
    assert first[1].column_title == "How many models this model outperforms on average (over columns)."


def test_cells_fit_their_arrow_type_and_come_back_unchanged() -> None:
    cells = parse_group("core_scenarios", ArchiveStorage(HELM_SAMPLE).read(FILE))
    back = [PublishedCell(**cell) for cell in pa.array(cells, PUBLISHED_CELL).to_pylist()]

    assert [cell._replace(run_spec_names=None) for cell in back] == [c._replace(run_spec_names=None) for c in cells]
    assert [list(cell.run_spec_names or ()) for cell in back] == [list(cell.run_spec_names or ()) for cell in cells]


def test_the_metrics_name_is_read_from_behind_the_run_groups_description() -> None:
    description = "A benchmark: of questions.\n\nExact match: Fraction of instances.\n- Perturbation Robustness: worst."
    [_, cell] = _parse(
        [{"value": "a"}, {"value": 1}], header=[{"value": "M"}, {"value": "EM", "description": description}]
    )

    assert cell.column_title == "Exact match"


def test_numbers_texts_and_blanks_are_told_apart() -> None:
    cells = _parse([{"value": "a"}, {"value": 2}], [{"value": "b"}, {"value": "n/a"}], [{}, {}])

    assert [(cell.value, cell.text) for cell in cells[1::2]] == [(2.0, None), (None, "n/a"), (None, None)]
    assert [cell.row_label for cell in cells] == ["a", "a", "b", "b", None, None]


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_not_finite_are_null(token: str) -> None:
    raw = b'[{"title": "t", "header": [{"value": "a"}], "rows": [[{"value": %s}]]}]' % token.encode()

    assert parse_group("g", raw)[0].value is None


def test_runs_stand_in_their_field_or_else_in_the_labels_link() -> None:
    link = "?group=g&runSpecs=" + quote(json.dumps(["gsm:model=a,x=y", "gsm:model=b"]))
    cells = _parse(
        [{"value": "a", "href": link}],
        [{"value": "b", "href": link, "run_spec_names": ["other"]}],
        [{"value": "c", "href": "?group=g"}],
    )

    assert [cell.run_spec_names for cell in cells] == [("gsm:model=a,x=y", "gsm:model=b"), ("other",), None]


def test_contamination_is_kept() -> None:
    [cell] = _parse([{"value": 0.5, "contamination_level": "strong"}])

    assert cell.contamination_level == "strong"


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"[{", "line 1 column 3"),
        (b"\xff", "utf-8"),
        (b"{}", "array"),
        (b'[{"title": "t", "header": [], "rows": [[{"value": []}]]}]', "`$[0].rows[0][0].value`"),
        (b'[{"title": "t", "header": [{"value": "a"}], "rows": [[{}], [{}, {}]]}]', "table 0, row 1: 2 cells"),
        (b'[{"title": "t", "header": [{"value": "a"}], "rows": [[{"href": "?runSpecs=x"}]]}]', "line 1"),
    ],
)
def test_what_is_no_group_file_is_refused_with_its_file_and_place(raw: bytes, place: str) -> None:
    with pytest.raises(UpstreamMalformed, match=r"groups/imdb\.json: ") as refused:
        parse_group("imdb", raw)

    assert place in str(refused.value)
