"""A fault of every_eval costs one run: its published rows stay, and the next version reads the run again."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from every_eval.contracts.samples import SAMPLES
from every_eval.ingestion import planning, shard_builder
from every_eval.ingestion.planning import Status
from every_eval.ingestion.shard_index import read_index
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Run, RunRows
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.hub.hubs import REPO
from every_eval_tests.ingestion.publishing import FOLDER, Publishing
from every_eval_tests.ingestion.upstream import RUNS, rewrite

SHARD = f"{FOLDER}_part_00001"


class Broken(HelmSource):
    """A source that fails on one run after some of its rows."""

    def read(self, run: Run, open_file: Callable[[str], IO[bytes]]) -> Iterator[RunRows]:
        yield from super().read(run, open_file)
        if run.identity == RUNS[0]:
            raise KeyError("number of 401 digits")


class Unlawful(HelmSource):
    """A source whose rows of one run break their contract: each row is there twice."""

    def read(self, run: Run, open_file: Callable[[str], IO[bytes]]) -> Iterator[RunRows]:
        for piece in super().read(run, open_file):
            yield piece
            if run.identity == RUNS[0] and piece.samples.num_rows:
                samples = SAMPLES.decode(piece.samples)
                yield RunRows(samples=samples.take([0, 0]))


@pytest.fixture
def publishing(root: HelmRoot, tmp_path: Path) -> Publishing:
    """Publish all runs in one shard."""
    return Publishing.of(root.path, tmp_path / "hub", shard_bytes=1 << 30)


def failures(publishing: Publishing) -> dict[str, str]:
    """Return why runs could not be read, by the name of the run, as the index of shards says."""
    runs = [run for row in read_index(publishing.hub.snapshot(REPO), FOLDER) for run in row["runs"]]
    return {f"{run['suite']}/{run['run']}": run["failure"] for run in runs if run["failure"] is not None}


@pytest.mark.parametrize(("source", "said"), [(Broken, "KeyError: 'number of 401 digits'"), (Unlawful, "repeat a key")])
def test_a_failure_costs_only_its_run_and_is_named(publishing: Publishing, source: type[HelmSource], said: str) -> None:
    publishing.source = source()
    publishing.discover()
    [outcome] = publishing.ingest([SHARD])

    assert outcome.error is None
    [(name, text)] = outcome.failures.items()
    assert name == "/".join(RUNS[0]) and said in text
    assert {row["run"] for row in publishing.rows(SAMPLES).to_pylist()} == {RUNS[1][1], RUNS[2][1]}
    assert publishing.to_do() == []
    assert said in failures(publishing)[name]


def test_another_version_of_every_eval_reads_the_run_again(
    publishing: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    publishing.source = Broken()
    publishing.refresh()
    publishing.source = HelmSource()
    assert publishing.shards()[0].status is Status.UNCHANGED
    for module in (planning, shard_builder):
        monkeypatch.setattr(module, "program_version", lambda: "999")

    assert publishing.refresh() == [SHARD]
    assert publishing.rows(SAMPLES).num_rows == 9
    assert failures(publishing) == {}


def test_a_published_run_that_fails_after_a_change_keeps_its_rows(publishing: Publishing, root: HelmRoot) -> None:
    publishing.refresh()
    before = publishing.rows(SAMPLES).to_pylist()
    rewrite(root.run("mmlu", *RUNS[0]) / "scenario.json", lambda raw: raw + b" ")
    publishing.source = Broken()

    assert publishing.refresh() == [SHARD]
    assert publishing.rows(SAMPLES).to_pylist() == before
    assert publishing.to_do() == [] and len(failures(publishing)) == 1
