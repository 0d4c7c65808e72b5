"""The daily job's step: fold what is new and publish the leaderboard."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from pydantic import Field

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.repo_layout import latest_path
from every_eval.orchestration import names
from every_eval.orchestration.limits import limited
from every_eval.orchestration.lineage import column_lineage
from every_eval.orchestration.metadata import markdown, table_metadata
from every_eval.orchestration.preflight import check_scoring
from every_eval.orchestration.recording import as_evaluations, unrecorded_events
from every_eval.orchestration.resources import HubResource, configured
from every_eval.orchestration.weekly import RESOURCES, Context, retried, source_named
from every_eval.scoring.presentation.picture import picture_markdown
from every_eval.scoring.scorer import Scored, Scorer
from every_eval.sources import SOURCES

TABLES = {names.COMPREHENSIVE_STATS: COMPREHENSIVE_STATS, names.LEADERBOARD: LEADERBOARD}

TOP_ROWS = 10
"""Rows of each benchmark's leaderboard that the log shows."""

MAX_SHOWN = 50
"""Cells that a check shows."""

SHOWN_COLUMNS = ("benchmark", "rank", "display_name", "model_deployment", "mean_win_rate", "mean_score", "n_scenarios")


class ScoringOptions(dg.Config):
    """How scores are made."""

    force_regenerate: bool = Field(default=False, description="Read every shard again and publish, new or not.")
    older_releases: bool = Field(default=False, description="Recompute the published tables of all releases.")


class ScoringConfig(ScoringOptions):
    """What the daily job scores."""

    source_name: str = Field(default="helm", description="Source whose scores are made.")


class RefreshScoringConfig(ScoringOptions):
    """What `refresh` scores."""

    sources: list[str] = Field(default=[], description="Sources to score; none named: all that are configured.")


@limited
def score_source(context: Context, config: ScoringConfig, hub: HubResource) -> Scored:
    """Publish the scores of what is new, log where they are, and let Dagster know the shards that there are."""
    source, place = source_named(config.source_name), hub.open()
    retried(context, lambda: check_scoring(place, hub.data, hub.scores))
    scorer = Scorer(
        source,
        place,
        hub.data,
        hub.scores,
        hub.now,
        context.log.info,
        force=config.force_regenerate,
        older_releases=config.older_releases,
    )
    scored = retried(context, scorer.run)
    for event in unrecorded_events(context.instance, source, place, hub.data, place.snapshot(hub.data)):
        context.log_event(event)
    what = f"{len(scored.reading.shards)} of {scored.shards_total} shards read" if scored.is_new else "nothing new"
    context.log.info(
        f"{what}\ndatasets: {place.location(hub.data)}\n"
        f"leaderboard: {place.location(hub.scores, scorer.path(LEADERBOARD))}\n{top(scored)}"
    )
    return scored


def top(scored: Scored) -> str:
    """The top of each benchmark's leaderboard, as a Markdown table."""
    rows = scored.leaderboard.select(SHOWN_COLUMNS).to_pylist()
    return markdown(row for row in rows if row["rank"] is not None and row["rank"] <= TOP_ROWS)


def scored_metadata(config: ScoringConfig, hub: HubResource, scored: Scored) -> Mapping[dg.AssetKey, dict[str, Any]]:
    """What is shown of the newest tables, whether this run published them or found nothing new; nothing if none are."""
    place = hub.open()
    reading = {
        "source": config.source_name,
        "is_new": scored.is_new,
        "duration_seconds": round(scored.duration_seconds, 3),
        "shards_read": len(scored.reading.shards),
        "shards_total": scored.shards_total,
        "bytes_read": scored.reading.n_bytes,
        "data_commit": scored.data_commit,
    }
    shown = {
        names.LEADERBOARD: {
            "news": dg.MetadataValue.md(scored.news or "Nothing new."),
            "picture": dg.MetadataValue.md(picture_markdown(scored.leaderboard)),
        }
    }
    return {
        key: reading
        | shown.get(key, {})
        | table_metadata(
            n_rows=scored.shown[table.name].n_rows,
            n_bytes=scored.shown[table.name].n_bytes,
            location=place.location(hub.scores, latest_path(table, config.source_name)),
            preview=scored.shown[table.name].preview,
        )
        | {"dagster/column_lineage": column_lineage([source_named(config.source_name)], table)}
        for key, table in TABLES.items()
        if table.name in scored.shown
    }


def score_checks(scored: Scored) -> Iterator[dg.AssetCheckResult]:
    """What validation found before the commit, and where published tables differ from ours."""
    for key, table in TABLES.items():
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=names.CONTRACT_CHECK,
            passed=True,
            metadata={"rows": scored.shown[table.name].n_rows if table.name in scored.shown else 0},
            description="Every row follows the contract.",
        )
    failed = [check for check in scored.checks if not check.passed]
    yield dg.AssetCheckResult(
        asset_key=names.COMPREHENSIVE_STATS,
        check_name=names.VALIDATION_CHECK,
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={check.name: dict(check.details) for check in scored.checks},
        description="; ".join(f"{check.name}: {check.n_problems}" for check in failed) or "Nothing is amiss.",
    )
    cells = 0 if scored.disagreements is None else scored.disagreements.num_rows
    yield dg.AssetCheckResult(
        asset_key=names.LEADERBOARD,
        check_name=names.PUBLISHED_CHECK,
        passed=cells == 0,
        metadata={"cells": cells, "table": dg.MetadataValue.md(markdown(shown_disagreements(scored)))},
        description=f"{cells} cells of the published tables are not what their statistics give.",
    )


def shown_disagreements(scored: Scored) -> list[dict[str, Any]]:
    """The first cells that differ, for people."""
    return [] if scored.disagreements is None else scored.disagreements.slice(0, MAX_SHOWN).to_pylist()


def fail_on_disagreements(scored: Scored) -> None:
    """Raise `Failure`, naming cells, if published tables differ from ours."""
    if scored.disagreements is not None and scored.disagreements.num_rows:
        raise dg.Failure(
            f"{scored.disagreements.num_rows} cells of the published tables are not what their statistics give; both "
            f"are published side by side.\n{markdown(shown_disagreements(scored))}"
        )


@dg.op(
    ins={"ingested": dg.In(dg.Nothing)},
    required_resource_keys=RESOURCES,
    pool=names.SCORES_POOL,
    description="Fold what is new and publish the leaderboard, from what is published.",
)
def score(context: dg.OpExecutionContext, config: RefreshScoringConfig) -> None:
    """Do as a step of a job of ops what the assets comprehensive_stats and leaderboard do, for each source."""
    named = [source_named(name) for name in config.sources]
    options = {name: getattr(config, name) for name in ScoringOptions.model_fields}
    all_scored = [
        _score(context, ScoringConfig(source_name=source.name, **options))
        for source in named or configured(SOURCES, context.resources, context.log.info)
    ]
    for scored in all_scored:
        fail_on_disagreements(scored)


def _score(context: dg.OpExecutionContext, config: ScoringConfig) -> Scored:
    hub: HubResource = context.resources.hub
    scored = score_source(context, config, hub)
    for key, metadata in scored_metadata(config, hub, scored).items():
        context.log_event(dg.AssetMaterialization(key, metadata=metadata))
    for check in as_evaluations(score_checks(scored)):
        context.log_event(check)  # type: ignore[arg-type] # it takes these too
    return scored
