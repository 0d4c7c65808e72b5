"""The step of scoring, which assets and jobs share: publish a source's scores, and log tables and check results."""

from collections.abc import Sequence
from typing import Final

import dagster as dg
from pydantic import Field

from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.repo_layout import latest_path
from every_eval.orchestration.ingestion_steps import data_repo, log_events, record_other_runs
from every_eval.orchestration.metadata import markdown
from every_eval.orchestration.preflight import check_scoring
from every_eval.orchestration.resources import HubResource, hub_resource
from every_eval.orchestration.scores_checks import scores_evaluations, wrong_cells
from every_eval.orchestration.scores_events import ScoresRepo, scores_events
from every_eval.orchestration.settings_checks import check_settings
from every_eval.orchestration.time_limit import Context, limited
from every_eval.scoring.scorer import Scored, Scorer
from every_eval.sources.source import Source

TOP_ROWS: Final = 10
"""Rows of each benchmark's leaderboard that the log shows."""
SHOWN_COLUMNS: Final = (
    *("benchmark", "rank", "display_name", "model_deployment"),
    *("mean_win_rate", "mean_score", "n_scenarios"),
)


class ScoringOptions(dg.Config):
    """How scores are made."""

    force_regenerate: bool = Field(
        default=False, description="Read the statistics of every shard again and publish, also if nothing is new."
    )
    older_releases: bool = Field(
        default=False, description="Recompute the published tables of all releases, not of the newest release alone."
    )


class ScoringConfig(ScoringOptions):
    """What the daily job scores."""

    source_name: str = Field(default="helm", description="Source whose scores are made.")


class RefreshScoringConfig(ScoringOptions):
    """What `refresh` scores."""

    sources: list[str] = Field(default=[], description="Sources to score. Default: all that are configured.")


@limited
def score_source(context: Context, source: Source, sources: Sequence[Source], options: ScoringOptions) -> Scored:
    """Publish a source's scores if anything is new, and log where they are and what the checks found."""
    hub = hub_resource(context.resources)
    check_settings(hub, {}, sources, context.log.warning)
    check_scoring(hub.open(), hub.data, hub.scores)
    repo = data_repo(context, source)
    record_other_runs(context, repo)
    scorer = Scorer(
        source=source,
        sources=sources,
        hub=hub.open(),
        data_repo=hub.data,
        scores_repo=hub.scores,
        clock=hub.now,
        report=context.log.info,
        force=options.force_regenerate,
        older_releases=options.older_releases,
    )
    scored = scorer.run()
    log_events(context, scores_events(context.instance, repo, ScoresRepo(source, hub.open(), hub.scores), scored))
    log_events(context, scores_evaluations(source, scored))
    context.log.info(_summary(source, hub, scored))
    return scored


def fail_on_wrong_cells(scored: Scored) -> None:
    """Raise `Failure`, naming cells, if tables that the source publishes differ from ours."""
    cells = wrong_cells(scored)
    if cells.num_rows:
        raise dg.Failure(
            f"{cells.num_rows} cells of the tables that the source publishes differ from what its statistics give. "
            f"Both values are published side by side. Look at these cells at the source.\n{markdown(cells.to_pylist())}"
        )


def _summary(source: Source, hub: HubResource, scored: Scored) -> str:
    read = f"{len(scored.fetched.shards)} of {scored.shards_total} shards read"
    board = hub.open().location(hub.scores, latest_path(LEADERBOARD, source.name))
    return (
        f"{source.name}: {read if scored.is_new else 'nothing new to score'}\n"
        f"The datasets are in {hub.open().location(hub.data)}\nThe leaderboard is in {board}\n{_top(scored)}"
    )


def _top(scored: Scored) -> str:
    """Render the first rows of each benchmark's leaderboard as a Markdown table."""
    rows = scored.leaderboard.select(SHOWN_COLUMNS).to_pylist()
    return markdown(row for row in rows if row["rank"] is not None and row["rank"] <= TOP_ROWS)
