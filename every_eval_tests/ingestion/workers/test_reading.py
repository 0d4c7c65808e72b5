import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from every_eval.errors import TransientError, UpstreamUnavailable
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.ingestion.catalog import Entry
from every_eval.ingestion.planning import Shard, Status
from every_eval.ingestion.shard_files import ShardMaker
from every_eval.ingestion.workers.read_ahead import InTurn
from every_eval.ingestion.workers.reading import (
    PROCESS_BYTES,
    WRITING,
    Reading,
    ReadingHere,
    ReadingTogether,
    reading,
    share,
)
from every_eval.network.content import md5_of
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Input, Run, RunRows
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval_tests.hub.hubs import NOON, REPO
from every_eval_tests.ingestion.dying import Dying
from every_eval_tests.rows_of_runs import gather

STORAGE = ArchiveStorage(HELM_SAMPLE)


@pytest.fixture(autouse=True)
def _starts_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few runs are shared out as many are."""
    monkeypatch.setattr("every_eval.ingestion.workers.reading.STARTING_BYTES", 0)


def _runs() -> list[Run]:
    """A few runs of the bundled sample, as the catalog has them."""
    return [
        replace(
            run,
            inputs=tuple(replace(item, md5=md5_of(STORAGE.read(f"{run.folder}/{item.name}"))) for item in run.inputs),
        )
        for run in HelmSource().discover(STORAGE, "lite").runs[:12]
    ]


def _rows(reader: Reading, runs: Sequence[Run]) -> list[RunRows]:
    return [gather(pieces) for _, pieces in reader.rows(runs)]


@pytest.mark.parametrize("n_processes", [2, 3])
def test_several_processes_give_the_rows_of_one_in_the_same_order(n_processes: int) -> None:
    runs = _runs()
    with ReadingTogether(HelmSource(), STORAGE, n_processes) as together:
        twice = [_rows(together, runs), _rows(together, runs[:5])]

    here = _rows(ReadingHere(HelmSource(), InTurn(STORAGE)), runs)
    assert twice == [here, here[:5]]
    assert all(rows.samples.num_rows and rows.metrics.num_rows and rows.stats.num_rows for rows in here)


def test_a_shards_files_have_the_same_bytes_whatever_reads_its_runs(tmp_path: Path) -> None:
    entries = tuple(Entry(run, "helm_lite_part_00001") for run in _runs())
    shard = Shard("helm_lite_part_00001", "helm_lite", "0" * 12, Status.NEW, entries)
    head = FolderHub(tmp_path / "hub", lambda: NOON).snapshot(REPO)
    made = []
    with ReadingTogether(HelmSource(), STORAGE, 2) as together:
        readers: list[Reading] = [ReadingHere(HelmSource(), InTurn(STORAGE)), together]
        for number, reader in enumerate(readers):
            (tmp_path / str(number)).mkdir()
            files = ShardMaker(reader, head, tmp_path / str(number), str).make(shard)
            made.append({name: path.read_bytes() for name, path in files.paths.items()})

    assert made[0] == made[1] and set(made[0]) == {"samples", "metrics", "stats"}


def test_what_goes_wrong_in_a_process_goes_wrong_here_and_the_next_shard_is_read() -> None:
    runs = _runs()
    changed = replace(runs[4], inputs=tuple(replace(item, md5="0" * 32) for item in runs[4].inputs))
    with ReadingTogether(HelmSource(), STORAGE, 2) as together:
        with pytest.raises(UpstreamUnavailable, match="is not what was listed"):
            _rows(together, [*runs[:4], changed, *runs[5:]])

        assert _rows(together, runs[:3]) == _rows(ReadingHere(HelmSource(), InTurn(STORAGE)), runs[:3])


def test_processes_stay_for_the_next_shard_though_nobody_asks_for_more_than_the_last_run() -> None:
    runs = _runs()
    with ReadingTogether(HelmSource(), STORAGE, 2) as together:
        started = []
        for _ in range(2):
            rows = together.rows(runs)
            for _ in runs:
                list(next(rows)[1])
            rows.close()
            started.append([worker.process.pid for worker in together._workers])

    assert started[0] == started[1] != []


def test_a_process_that_is_killed_is_an_error_that_may_pass() -> None:
    with ReadingTogether(Dying(), STORAGE, 2) as together, pytest.raises(TransientError, match="has ended"):
        _rows(together, _runs())


def test_a_reader_that_is_left_early_leaves_nothing_behind() -> None:
    runs = _runs()
    with ReadingTogether(HelmSource(), STORAGE, 2) as together:
        rows = together.rows(runs)
        next(rows)
        rows.close()

        assert len(_rows(together, runs)) == len(runs)


@pytest.mark.parametrize(
    ("n_processes", "n_bytes", "is_parallel"),
    [(1, 1 << 40, False), (8, PROCESS_BYTES, False), (8, 2 * PROCESS_BYTES, True), (2, 1 << 40, True)],
)
def test_processes_are_started_where_there_is_enough_to_read(n_processes: int, n_bytes: int, is_parallel: bool) -> None:
    with reading(HelmSource(), STORAGE, n_processes, n_bytes) as reader:
        assert isinstance(reader, ReadingTogether) is is_parallel


def test_runs_are_shared_so_that_all_processes_are_done_at_about_the_same_time() -> None:
    run = _runs()[0]
    runs = [replace(run, inputs=(Input("a", size, "w", "0" * 32),)) for size in [1000, 3000, 2000] * 40]

    for n_processes in (2, 3, 4):
        readers = share(runs, n_processes, 0)
        work = [WRITING * sum(run.n_bytes for run in runs), *[0.0] * (n_processes - 1)]
        for run, reader in zip(runs, readers, strict=True):
            work[reader] += run.n_bytes
        assert max(work) - min(work) <= 3000 + WRITING * 3000

    assert share(runs, 2, 1 << 40) == [0] * len(runs)  # this one is done before the other has started


def test_a_process_that_reads_imports_neither_dagster_nor_pandas() -> None:
    program = (
        "import sys, every_eval.ingestion.workers.worker, every_eval.sources.helm.source; "
        "assert not {'dagster', 'pandas', 'scipy', 'huggingface_hub'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3])
