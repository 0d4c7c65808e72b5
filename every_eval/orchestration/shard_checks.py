"""Checks of the data repo's assets: one of each shard, and beside it one of all published shards.

Dagster sums up a partitioned check by its last partition alone. So exit status and alerts follow the check over all
published shards, and the partitioned check says which shard is to blame.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import dagster as dg

from every_eval.contracts.catalog import CATALOG
from every_eval.contracts.rejects import REJECTS
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.repo_layout import SHARD_TABLES
from every_eval.contracts.shards import SHARDS
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Table
from every_eval.ingestion.ingestor import ShardOutcome
from every_eval.orchestration.asset_keys import CheckName, asset_key, shard_partitions
from every_eval.orchestration.data_repo import DataRepo
from every_eval.orchestration.ingestion_events import MAX_SHOWN, disagreement_lines, recorded
from every_eval.sources.source import Source

MEANINGS: Mapping[CheckName, str] = {
    CheckName.CONTRACT: "Every row follows the table's contract: columns, types, limits and unique keys.",
    CheckName.REJECTS: "every_eval could read every file and every row of the source.",
    CheckName.REPORTED: "The statistics that the source reports equal the statistics that its single outputs give.",
}


def discovery_check_specs(source: Source) -> list[dg.AssetCheckSpec]:
    """Return the checks of what discovery writes."""
    return [
        dg.AssetCheckSpec(
            CheckName.CONTRACT.value, asset=asset_key(source, table), description=MEANINGS[CheckName.CONTRACT]
        )
        for table in (CATALOG, RELEASES)
    ]


def shard_check_specs(source: Source) -> list[dg.AssetCheckSpec]:
    """Return the checks of the tables that have a partition for each shard, each check in both of its forms."""
    checks = [(CheckName.CONTRACT, table) for table in SHARD_TABLES] + [
        (CheckName.REJECTS, REJECTS),
        (CheckName.REPORTED, STATS),
    ]
    return [spec for check, table in checks for spec in _both_forms(source, check, table)]


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


def discovery_evaluations(repo: DataRepo) -> Iterator[dg.AssetCheckEvaluation]:
    """Yield the results of the checks of what discovery wrote: rows that break a contract are never written."""
    for table in (CATALOG, RELEASES):
        yield _evaluation(repo.source, CheckName.CONTRACT, table, passed=True, description=MEANINGS[CheckName.CONTRACT])


def shard_evaluations(source: Source, outcome: ShardOutcome) -> Iterator[dg.AssetCheckEvaluation]:
    """Yield the results of the checks of one shard that a run tried to publish."""
    shard, error = outcome.shard, outcome.error
    for table in SHARD_TABLES:
        yield dg.AssetCheckEvaluation(
            asset_key=asset_key(source, table),
            check_name=CheckName.CONTRACT.of_shard,
            partition=shard,
            passed=error is None,
            metadata={"rows": outcome.n_rows.get(table.name, 0)},
            description=MEANINGS[CheckName.CONTRACT] if error is None else f"{shard} was not published: {error}",
        )
    if error is not None:
        return
    n_rejects, lines = outcome.n_rows["rejects"], disagreement_lines(outcome)
    yield dg.AssetCheckEvaluation(
        asset_key=asset_key(source, REJECTS),
        check_name=CheckName.REJECTS.of_shard,
        partition=shard,
        passed=not n_rejects,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"rejects": n_rejects},
        description=_rejects_text({shard: n_rejects} if n_rejects else {}),
    )
    yield dg.AssetCheckEvaluation(
        asset_key=asset_key(source, STATS),
        check_name=CheckName.REPORTED.of_shard,
        partition=shard,
        passed=not lines,
        metadata={"disagreements": len(lines), "first_disagreements": lines[:MAX_SHOWN]},
        description=f"{len(lines)} reported numbers differ from what the outputs give.",
    )


def published_evaluations(
    instance: dg.DagsterInstance, repo: DataRepo, outcomes: Iterable[ShardOutcome]
) -> Iterator[dg.AssetCheckEvaluation]:
    """Yield the results of the checks over all published shards; `outcomes` are of the shards that this run tried."""
    source = repo.source
    failed = {item.shard: str(item.error) for item in outcomes if item.error is not None}
    for table in SHARD_TABLES:
        yield _evaluation(
            source,
            CheckName.CONTRACT,
            table,
            passed=not failed,
            metadata={"rows": repo.n_rows(table), "shards": len(repo.fingerprints), "not_published": failed},
            description=f"Not published: {', '.join(failed)}." if failed else MEANINGS[CheckName.CONTRACT],
        )
    yield _evaluation(
        source,
        CheckName.CONTRACT,
        SHARDS,
        passed=True,
        metadata={"rows": len(repo.index)},
        description=MEANINGS[CheckName.CONTRACT],
    )
    rejects = {shard: n_rows for shard in repo.index if (n_rows := repo.n_rows_of(REJECTS, shard))}
    yield _evaluation(
        source,
        CheckName.REJECTS,
        REJECTS,
        passed=not rejects,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"rejects": sum(rejects.values()), "shards": rejects},
        description=_rejects_text(rejects),
    )
    yield _reported_evaluation(source, published_disagreements(instance, repo), len(repo.fingerprints))


class Disagreements(NamedTuple):
    """Numbers of a shard that the source reports otherwise than its outputs give them."""

    n: int
    first: Sequence[str]
    """The first disagreements, in words."""


def published_disagreements(instance: dg.DagsterInstance, repo: DataRepo) -> Mapping[str, Disagreements]:
    """Return the disagreements of each published shard, as far as this Dagster instance saw the shard published.

    A shard that another instance published is left out, because the published files do not say what was compared.
    """
    known = recorded(instance, asset_key(repo.source, STATS))
    return {
        shard: Disagreements(known[shard]["n_disagreements"], known[shard]["disagreements"])
        for shard, fingerprint in repo.fingerprints.items()
        if "disagreements" in known.get(shard, {}) and known[shard]["fingerprint"] == fingerprint
    }


def _reported_evaluation(
    source: Source, disagreements: Mapping[str, Disagreements], n_published: int
) -> dg.AssetCheckEvaluation:
    lines = [line for found in disagreements.values() for line in found.first]
    n = sum(found.n for found in disagreements.values())
    return _evaluation(
        source,
        CheckName.REPORTED,
        STATS,
        passed=not n,
        metadata={
            "disagreements": n,
            "first_disagreements": lines[:MAX_SHOWN],
            "shards_compared": len(disagreements),
            "shards_published": n_published,
        },
        description=f"{n} reported numbers differ from what the outputs give; compared in {len(disagreements)} of "
        f"{n_published} published shards.",
    )


def _rejects_text(rejects: Mapping[str, int]) -> str:
    if not rejects:
        return MEANINGS[CheckName.REJECTS]
    return (
        f"{sum(rejects.values())} files or rows could not be read, in {', '.join(sorted(rejects))}. They are listed, "
        "with the reasons, in rejects/ of the data repo."
    )


def _evaluation(
    source: Source,
    check: CheckName,
    table: Table,
    *,
    passed: bool,
    description: str,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
    metadata: Mapping[str, Any] | None = None,
) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=asset_key(source, table),
        check_name=check.value,
        passed=passed,
        severity=severity,
        metadata=metadata,
        description=description,
    )
