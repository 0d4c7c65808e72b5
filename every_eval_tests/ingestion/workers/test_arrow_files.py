from pathlib import Path

import pyarrow as pa

from every_eval.contracts.judgements import JUDGEMENTS
from every_eval.contracts.rejects import Reason
from every_eval.ingestion.workers.arrow_files import TABLES, write_arrow_files
from every_eval.sources.source import Reject, RunRows
from every_eval_tests.sources.helm.made_up import FILES, read


def _coded(table: pa.Table, column: str) -> pa.Table:
    place = table.column_names.index(column)
    return table.set_column(place, column, table[column].dictionary_encode())


def _judgement(samples: pa.Table) -> dict[str, object]:
    """Return what a judge says of the first sample."""
    said = {"annotator": "panel", "judge": None, "criterion": "helpfulness", "score": 4.0, "explanation": None}
    return {name: samples[name][0].as_py() for name in JUDGEMENTS.schema.names if name not in said} | said


def test_rows_come_back_as_they_were_written_each_piece_with_its_own_dictionary(tmp_path: Path) -> None:
    rows = read(FILES)
    metrics = [_coded(rows.metrics.slice(start, 2), "metric_name") for start in (0, 2, 4)]
    rejects = tuple(Reject(Reason.NOT_JSON, str(number)) for number in range(3))
    pieces = [RunRows(metrics=table, rejects=(reject,)) for table, reject in zip(metrics, rejects, strict=True)]
    judgements = pa.Table.from_pylist([_judgement(rows.samples)], schema=JUDGEMENTS.schema)
    of_outputs = {"samples": rows.samples, "item_scores": rows.item_scores, "judgements": judgements}
    files = write_arrow_files([*pieces, RunRows(**of_outputs, disagreements=[{"field": "sum"}])], tmp_path / "7")

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"7_{table}.arrows" for table in TABLES if table != "stats"
    )
    found = list(files.pieces())
    assert [piece.metrics for piece in found if piece.metrics.num_rows] == metrics
    assert [piece.samples for piece in found if piece.samples.num_rows] == [rows.samples]
    assert [piece.item_scores for piece in found if piece.item_scores.num_rows] == [rows.item_scores]
    assert [piece.judgements for piece in found if piece.judgements.num_rows] == [judgements]
    assert found[-1].rejects == rejects and found[-1].disagreements == [{"field": "sum"}]
    assert not list(tmp_path.iterdir())
