"""Runs and shards of the bundled sample, as the catalog describes them."""

from collections.abc import Mapping
from dataclasses import replace

from every_eval.ingestion.catalog import Entry
from every_eval.ingestion.planning import Shard, Status
from every_eval.ingestion.shard_builder import ShardFiles
from every_eval.network.content import md5_of
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Run
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage

STORAGE = ArchiveStorage(HELM_SAMPLE)


def sample_runs(n_runs: int) -> list[Run]:
    """Return the first runs of the sample's benchmark lite, with the MD5 of every input."""
    return [
        replace(
            run,
            inputs=tuple(replace(item, md5=md5_of(STORAGE.read(f"{run.folder}/{item.name}"))) for item in run.inputs),
        )
        for run in HelmSource().discover(STORAGE, "lite").runs[:n_runs]
    ]


def sample_shards(n_shards: int) -> list[Shard]:
    """Return shards of three runs each."""
    runs = sample_runs(3 * n_shards)
    keys = [f"helm_lite_part_{number:05}" for number in range(1, n_shards + 1)]
    return [
        Shard(key, "helm_lite", "0" * 12, Status.NEW, tuple(Entry(run, key) for run in runs[3 * n : 3 * n + 3]))
        for n, key in enumerate(keys)
    ]


def changed(run: Run) -> Run:
    """Return the run with MD5s that its inputs do not have."""
    return replace(run, inputs=tuple(replace(item, md5="0" * 32) for item in run.inputs))


def contents(files: ShardFiles) -> Mapping[str, bytes]:
    """Return the bytes of a shard's files by table."""
    return {name: path.read_bytes() for name, path in files.paths.items()}
