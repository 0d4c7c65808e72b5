"""The step of scoring, which assets and jobs share: publish a source's scores, and log tables and check results."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from every_eval.orchestration.findings import Report, report
from every_eval.orchestration.ingestion_steps import data_repo, log_events, record_other_runs
from every_eval.orchestration.preflight import check_scoring
from every_eval.orchestration.resources import hub_resource
from every_eval.orchestration.scores_checks import scores_findings, standing_findings
from every_eval.orchestration.scores_events import ScoresRepo, scores_events
from every_eval.orchestration.settings_checks import check_settings
from every_eval.orchestration.time_limit import Context, limited
from every_eval.scoring.standing_checks import StandingChecks
from every_eval.settings import ScoresSettings, read_settings
from every_eval.sources.source import Source

if TYPE_CHECKING:
    from every_eval.scoring.scorer import Scored


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
def score_source(
    context: Context, source: Source, sources: Sequence[Source], options: ScoringOptions
) -> "tuple[Scored, Report]":
    """Publish a source's scores if anything is new, and log the events of tables and checks.

    Returns:
        What was done, and the faults that stand in the scores.
    """
    hub = hub_resource(context.resources)
    check_settings(hub, {}, sources, context.log.warning)
    check_scoring(hub.open(), hub.data, hub.scores)
    repo = data_repo(context, source)
    record_other_runs(context, repo)
    settings = read_settings(ScoresSettings)
    # Scoring takes long to import, and only this step needs it.
    from every_eval.scoring.scorer import Scorer

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
        dated_files=settings.dated_scores,
        min_coverage=settings.min_coverage,
        registry=settings.registry,
    )
    scored = scorer.run()
    for trace in scored.traces:
        context.log.error(f"Left out of the scores of {source.name}: {trace}")
    scores = ScoresRepo(source, hub.open(), hub.scores)
    log_events(context, scores_events(context.instance, repo, scores, scored))
    checks = StandingChecks(scored.checks, scored.cells, scored.disagreements, scored.uncompared, scored.left_out)
    return scored, report(context, scores_findings(source, scores.head, checks, is_new=scored.is_new))


def check_standing_scores(context: Context, source: Source) -> Report:
    """Check the scores of a source that are published."""
    hub = hub_resource(context.resources)
    return report(context, standing_findings(source, hub.open().snapshot(hub.scores)))
