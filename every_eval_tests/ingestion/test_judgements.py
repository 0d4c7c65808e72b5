"""Judgements are published with the shard of their run, and a shard without judgements has no file of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

import pyarrow as pa

from every_eval.contracts.judgements import JUDGEMENTS
from every_eval.contracts.samples import SAMPLES
from every_eval.ingestion.shard_index import read_index
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Run, RunRows
from every_eval_tests.hub.hubs import REPO
from every_eval_tests.ingestion.publishing import FOLDER, Publishing
from every_eval_tests.ingestion.upstream import RUNS

PATH = f"judgements/{FOLDER}/{FOLDER}_part_00002.parquet"
"""The file of the shard whose run is judged."""


@dataclass(frozen=True)
class Judged(HelmSource):
    """A source in which one judge gives each output of one run the score 4."""

    name: str = HelmSource.name
    data_version: int = HelmSource.data_version

    def read(self, run: Run, open_file: Callable[[str], IO[bytes]]) -> Iterator[RunRows]:
        for piece in super().read(run, open_file):
            yield piece
            if run.identity == RUNS[1] and piece.samples.num_rows:
                yield RunRows(judgements=_judgements(SAMPLES.decode(piece.samples)))


def _judgements(samples: pa.Table) -> pa.Table:
    said = {"annotator": "panel", "judge": "somebody/judge", "criterion": "helpfulness", "score": 4.0}
    rows = [{name: row.get(name, said.get(name)) for name in JUDGEMENTS.schema.names} for row in samples.to_pylist()]
    return pa.Table.from_pylist(rows, schema=JUDGEMENTS.schema)


def test_judgements_are_published_and_counted_where_there_are_any(publishing: Publishing) -> None:
    publishing.source = Judged()
    publishing.refresh()

    assert [path for path in publishing.contents() if path.startswith("judgements/")] == [PATH]
    judged = {row["instance_id"] for row in publishing.rows(SAMPLES).to_pylist() if row["run"] == RUNS[1][1]}
    rows = publishing.rows(JUDGEMENTS).to_pylist()
    assert {row["instance_id"] for row in rows} == judged and len(rows) == 3
    assert {(row["run"], row["judge"], row["score"]) for row in rows} == {(RUNS[1][1], "somebody/judge", 4.0)}
    index = read_index(publishing.hub.snapshot(REPO), FOLDER)
    assert [row["n_judgements"] for row in index] == [0, 3, 0]


def test_judgements_are_deleted_when_nobody_judges_any_more(publishing: Publishing) -> None:
    publishing.source = Judged()
    publishing.refresh()
    publishing.source = HelmSource()
    publishing.ingest(["helm_mmlu_part_00002"])

    assert PATH not in publishing.contents()
    assert [row["n_judgements"] for row in read_index(publishing.hub.snapshot(REPO), FOLDER)] == [0, 0, 0]
