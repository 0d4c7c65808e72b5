"""Ops that score: one source in the daily job, every configured source in `refresh`.

The daily job's option names the source, and a job of assets chooses its assets before it reads an option; so these are
ops, which call the same function as the assets.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from every_eval.orchestration.asset_keys import SCORES_POOL
from every_eval.orchestration.findings import Report
from every_eval.orchestration.ingestion_steps import check_published
from every_eval.orchestration.page_steps import publish_page
from every_eval.orchestration.resources import configured_sources, resource_keys, source_named
from every_eval.orchestration.run_header import log_header
from every_eval.orchestration.scoring_steps import (
    RefreshScoringConfig,
    ScoringConfig,
    check_standing_scores,
    score_source,
)
from every_eval.orchestration.step_failures import Explanation, explained
from every_eval.orchestration.summary import log_summary
from every_eval.sources.source import Source

if TYPE_CHECKING:
    from every_eval.scoring.scorer import Scored


def daily_op(sources: Sequence[Source]) -> dg.OpDefinition:
    """Return the op of the daily job, which scores the source that its config names."""

    @dg.op(
        name="comprehensive_stats",
        required_resource_keys={"hub"},
        pool=SCORES_POOL,
        description="Read the statistics of new shards of one source, and publish its scores.",
    )
    def comprehensive_stats(context: dg.OpExecutionContext, config: ScoringConfig) -> None:
        log_header(context, ())
        with explained():
            source = source_named(sources, config.source_name)
            scored, found = score_source(context, source, sources, config)
            found |= check_published(context, source)
            problems = publish_page(context, sources)
            log_summary(context, [source], {source.name: scored})
        found.raise_for(context, problems)

    return comprehensive_stats


def refresh_scores_op(sources: Sequence[Source]) -> dg.OpDefinition:
    """Return the op of `refresh` that scores every source, from what is published."""

    @dg.op(
        ins={"discovered": dg.In(dict), "ingested": dg.In(dg.Nothing)},
        required_resource_keys=resource_keys(sources),
        pool=SCORES_POOL,
        description="Publish the scores of every configured source, from what is published by then.",
    )
    def score(context: dg.OpExecutionContext, config: RefreshScoringConfig, discovered: dict[str, Any]) -> None:
        problems: Mapping[str, Explanation] = discovered["problems"]
        if problems:
            context.log.warning(
                f"Discovery failed ({', '.join(sorted(problems))}). What could not be discovered is scored from what "
                "was published before this run."
            )
        with explained(known=problems.values()):
            named = [source_named(sources, name) for name in config.sources]
            chosen = named or configured_sources(sources, context.resources, context.log.debug)
            all_scored: dict[str, Scored] = {}
            found = Report()
            for source in chosen:
                all_scored[source.name], of_source = score_source(context, source, sources, config)
                found |= of_source
            unpublished = publish_page(context, sources)
            log_summary(context, chosen, all_scored)
        found.raise_for(context, unpublished)

    return score


def check_scores_op(sources: Sequence[Source]) -> dg.OpDefinition:
    """Return the op of the weekly job that checks the scores of the sources of the run, as they are published."""

    @dg.op(
        ins={"ingested": dg.In(dg.Nothing)},
        required_resource_keys={"hub"},
        pool=SCORES_POOL,
        description="Check the scores that are published, and fail the run as long as a fault stands in them.",
    )
    def check_scores(context: dg.OpExecutionContext, discovered: dict[str, Any]) -> None:
        with explained():
            found = Report()
            for name in discovered["sources"]:
                found |= check_standing_scores(context, source_named(sources, name))
        found.raise_for(context)

    return check_scores
