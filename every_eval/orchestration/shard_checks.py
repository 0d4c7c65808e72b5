"""Checks of the data repo's assets: one of each shard, and beside it one of all published shards.

Dagster sums up a partitioned check by its last partition alone. So exit status and alerts follow the check over all
published shards, and the partitioned check says which shard is to blame. Both read the index of shards, so that a fault
is found in every run as long as it is published, whichever run and machine published it.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice, zip_longest
from typing import Any, Final

import dagster as dg

from every_eval.contracts.catalog import CATALOG
from every_eval.contracts.rejects import REJECTS
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.repo_layout import OPTIONAL_TABLES, SHARD_TABLES, shard_path
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.shards import SHARDS
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Table
from every_eval.ingestion.discovery import read_catalog
from every_eval.ingestion.ingestor import ShardHeldBack, ShardOutcome
from every_eval.ingestion.planning import Shard, failure_text, held_back_text, shards_of, to_do
from every_eval.ingestion.shard_index import IndexRow
from every_eval.orchestration.acknowledged import Acknowledged, FaultKey
from every_eval.orchestration.asset_keys import CheckName, asset_key, shard_partitions
from every_eval.orchestration.data_repo import DataRepo
from every_eval.orchestration.data_versions import benchmark_files
from every_eval.orchestration.file_checks import CONTRACT_MEANING, contract_finding
from every_eval.orchestration.findings import Fault, Finding, check_name, finite
from every_eval.orchestration.statistic_names import statistic_name
from every_eval.sources.source import Source

Rows = Mapping[str, IndexRow]
"""Rows of the index of shards, by the key of the shard."""

MAX_PLACES: Final = 5
"""Number of places of rejects that a warning names."""

MEANINGS: Mapping[CheckName, str] = {
    CheckName.CONTRACT: CONTRACT_MEANING,
    CheckName.COMPLETE: "Every shard of the catalogs is published, from the newest inputs.",
    CheckName.REJECTS: "every_eval could read every file and every row of the source.",
    CheckName.REPORTED: "The statistics that the source reports equal the statistics that its single outputs give.",
    CheckName.HELD_BACK: "No shard is held back because damage in its newer inputs would remove published rows.",
    CheckName.FAILED_RUNS: "every_eval did not fail on any run by a fault of its own.",
}
OF_SHARDS: Final = (
    *((CheckName.CONTRACT, table) for table in SHARD_TABLES),
    (CheckName.REJECTS, REJECTS),
    (CheckName.REPORTED, STATS),
    (CheckName.HELD_BACK, SAMPLES),
    (CheckName.FAILED_RUNS, SAMPLES),
)
"""Checks that hold for each shard, with their tables."""


def discovery_check_specs(source: Source) -> list[dg.AssetCheckSpec]:
    """Return the checks of what discovery writes."""
    checks = ((CheckName.CONTRACT, CATALOG), (CheckName.CONTRACT, RELEASES), (CheckName.COMPLETE, CATALOG))
    return [
        dg.AssetCheckSpec(check.value, asset=asset_key(source, table), description=MEANINGS[check])
        for check, table in checks
    ]


def shard_check_specs(source: Source) -> list[dg.AssetCheckSpec]:
    """Return the checks of the tables that have a partition for each shard, each check in both of its forms."""
    return [spec for check, table in OF_SHARDS for spec in _both_forms(source, check, table)]


def _both_forms(source: Source, check: CheckName, table: Table) -> Iterator[dg.AssetCheckSpec]:
    key, meaning = asset_key(source, table), MEANINGS[check]
    with warnings.catch_warnings():
        # Partitioned checks are a preview of Dagster 1.13, which warns of it; pyproject.toml allows no other version.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        yield dg.AssetCheckSpec(
            check.of_shard,
            asset=key,
            description=f"{meaning} Speaks of one shard.",
            partitions_def=shard_partitions(source),
        )
    yield dg.AssetCheckSpec(check.value, asset=key, description=f"{meaning} Speaks of all published shards.")


def discovery_findings(repo: DataRepo) -> Iterator[Finding]:
    """Yield what the checks find in the published files of discovery."""
    for table in (CATALOG, RELEASES):
        yield _files_finding(repo, table)


def shard_findings(repo: DataRepo, outcomes: Iterable[ShardOutcome]) -> Iterator[Finding]:
    """Yield what the checks find in each of the shards that a run tried to publish."""
    for outcome in outcomes:
        shard, error = outcome.shard, outcome.error
        is_tried = not isinstance(error, ShardHeldBack)
        for table in SHARD_TABLES if is_tried else ():
            yield Finding(
                asset_key(repo.source, table),
                CheckName.CONTRACT,
                MEANINGS[CheckName.CONTRACT],
                n_compared=int(error is None),
                compared="files",
                failures=[f"{shard} was not published: {error}"] if error is not None else (),
                metadata={"rows": outcome.n_rows.get(table.name, 0)},
                partition=shard,
            )
        if shard in repo.index:
            yield from _index_findings(repo.source, {shard: repo.index[shard]}, shard)


def published_findings(repo: DataRepo) -> Iterator[Finding]:
    """Yield what the checks find in all that is published of a source in the data repo."""
    yield from discovery_findings(repo)
    yield _files_finding(repo, SHARDS)
    for table in SHARD_TABLES:
        yield _listing_finding(repo, table)
    yield from _index_findings(repo.source, repo.index, None)


def complete_finding(repo: DataRepo, missing: Mapping[str, str]) -> Finding:
    """Return what the check of the catalogs found; `missing` says by shard why it is not published as it should be."""
    return Finding(
        asset_key(repo.source, CATALOG),
        CheckName.COMPLETE,
        MEANINGS[CheckName.COMPLETE],
        n_compared=len(missing.keys() | repo.fingerprints.keys()),
        compared="shards",
        failures=[f"{shard}: {reason}" for shard, reason in missing.items()],
    )


def missing_shards(repo: DataRepo) -> list[Shard]:
    """Return the shards of the catalogs that are not published from their newest inputs."""
    shards: list[Shard] = []
    for path in benchmark_files(repo.source, CATALOG, repo.head):
        folder = path.removeprefix(f"{CATALOG.name}/").removesuffix(".parquet")
        catalog = read_catalog(repo.head, folder)
        shards += to_do(shards_of(catalog, folder, repo.head, repo.source.data_version))
    return shards


def _files_finding(repo: DataRepo, table: Table) -> Finding:
    paths = benchmark_files(repo.source, table, repo.head)
    return contract_finding(asset_key(repo.source, table), table, repo.head, paths)


def _listing_finding(repo: DataRepo, table: Table) -> Finding:
    """Return whether each published shard has its file of a table.

    The rows were validated before the commit. A job does not read them again: they can be terabytes.
    """
    faults = []
    for shard, fingerprint in repo.fingerprints.items():
        path = shard_path(table, shard, fingerprint)
        n_rows = repo.n_rows_of(table, shard)
        if path not in repo.head.files and (n_rows or table not in OPTIONAL_TABLES):
            text = f"{path} is not in the data repo, and the shard has {n_rows:,} rows of the table. Publish it again"
            faults.append(Fault(path, n_rows, None, text))
    return Finding(
        asset_key(repo.source, table),
        CheckName.CONTRACT,
        MEANINGS[CheckName.CONTRACT],
        n_compared=len(repo.fingerprints),
        compared="shards",
        faults=faults,
        metadata={"rows": repo.n_rows(table)},
    )


def _index_findings(source: Source, rows: Rows, partition: str | None) -> Iterator[Finding]:
    """Yield what the checks find in shards, by the index of shards."""
    n_runs = sum(len(row["runs"]) or row["n_runs"] for row in rows.values())
    yield _finding(
        source,
        CheckName.REJECTS,
        REJECTS,
        partition,
        n_compared=n_runs,
        compared="runs",
        warnings=list(rejects_warnings(rows)),
        metadata={"rejects": {shard: row["n_rejects"] for shard, row in rows.items() if row["n_rejects"]}},
    )
    yield _finding(
        source,
        CheckName.REPORTED,
        STATS,
        partition,
        n_compared=sum(row["n_compared"] for row in rows.values()),
        compared="reported numbers",
        faults=[fault for row in rows.values() for fault in _disagreements(row)],
    )
    yield _finding(
        source,
        CheckName.HELD_BACK,
        SAMPLES,
        partition,
        n_compared=len(rows),
        compared="shards",
        faults=[_held_back(row) for row in rows.values() if row["held_back_fingerprint"] is not None],
    )
    yield _finding(
        source,
        CheckName.FAILED_RUNS,
        SAMPLES,
        partition,
        n_compared=n_runs,
        compared="runs",
        faults=[fault for row in rows.values() for fault in _failed_runs(row)],
    )


def _finding(source: Source, check: CheckName, table: Table, partition: str | None, **found: Any) -> Finding:  # noqa: ANN401
    return Finding(asset_key(source, table), check, MEANINGS[check], partition=partition, **found)


def rejects_warnings(rows: Rows) -> Iterator[str]:
    """Yield a warning with the number of rejects by reason, and the first places; nothing without rejects."""
    n_rejects = sum(row["n_rejects"] for row in rows.values())
    if not n_rejects:
        return
    counts: dict[str, int] = {}
    places: dict[str, list[str]] = {}
    for row in rows.values():
        for item in row["rejected"]:
            counts[item["reason"]] = counts.get(item["reason"], 0) + item["n"]
            places.setdefault(item["reason"], []).extend(f"{row['benchmark']}/{place}" for place in item["places"])
    by_reason = ", ".join(f"{reason}: {n:,}" for reason, n in sorted(counts.items())) or "reasons unknown"
    first = islice(filter(None, chain.from_iterable(zip_longest(*places.values()))), MAX_PLACES)
    yield (
        f"{n_rejects:,} reject{'' if n_rejects == 1 else 's'}: files, rows or values that could not be used "
        f"({by_reason}). The first places: {'; '.join(first) or 'unknown'}. All are in rejects/ of the data repo."
    )


def _disagreements(row: IndexRow) -> Iterator[Fault]:
    """Yield the numbers of a shard that the source reports otherwise than its own outputs give them."""
    for item in row["disagreements"]:
        run = f"{row['benchmark']}/{item['suite']}/{item['run']}"
        where = statistic_name(item)
        ours, reported = finite(item["ours"]), finite(item["reported"])
        given = "its outputs give none" if ours is None else f"its outputs give {ours}"
        yield Fault(
            f"{run}: {item['field']} of {where}",
            ours,
            reported,
            f"{run}: the source reports {reported} as {item['field']} of {where}, and {given}",
        )
    n_unnamed = row["n_disagreements"] - len(row["disagreements"])
    if n_unnamed > 0:
        text = f"{row['shard']} has {n_unnamed:,} more reported numbers that differ from what the outputs give"
        yield Fault(f"{row['shard']}: further numbers", n_unnamed, row["fingerprint"], text)


def _held_back(row: IndexRow) -> Fault:
    text = f"{row['shard']} is held back: {held_back_text(row['held_back_reason']).rstrip('.')}"
    return Fault(row["shard"], row["fingerprint"], row["held_back_fingerprint"], text)


def _failed_runs(row: IndexRow) -> Iterator[Fault]:
    for run in row["runs"]:
        if run["failure"] is not None:
            place = f"{row['benchmark']}/{run['suite']}/{run['run']}"
            text = failure_text(run["failure"]).rstrip(".")
            yield Fault(place, run["failed_version"], run["failed_inputs"], text)


def acknowledged_shards(repo: DataRepo, entries: Acknowledged) -> dict[str, str]:
    """Return the shards that are held back and acknowledged, each with the reason to publish it."""
    name = check_name(asset_key(repo.source, SAMPLES), CheckName.HELD_BACK)
    held_back = [_held_back(row) for row in repo.index.values() if row["held_back_fingerprint"] is not None]
    reasons = {fault.place: entries.reason(FaultKey(name, *fault.values)) for fault in held_back}
    return {shard: reason for shard, reason in reasons.items() if reason is not None}
