"""Ops that score: one source in the daily job, every configured source in `refresh`.

The daily job's option names the source, and a job of assets chooses its assets before it reads an option; so these are
ops, which call the same function as the assets.
"""

from collections.abc import Sequence

import dagster as dg

from every_eval.orchestration.asset_keys import SCORES_POOL
from every_eval.orchestration.resources import configured_sources, resource_keys, source_named
from every_eval.orchestration.scoring_steps import (
    RefreshScoringConfig,
    ScoringConfig,
    fail_on_wrong_cells,
    score_source,
)
from every_eval.orchestration.step_failures import explained
from every_eval.sources.source import Source


def daily_op(sources: Sequence[Source]) -> dg.OpDefinition:
    """Return the op of the daily job, which scores the source that its config names."""

    @dg.op(
        name="comprehensive_stats",
        required_resource_keys={"hub"},
        pool=SCORES_POOL,
        description="Read the statistics of new shards of one source, and publish its scores.",
    )
    def comprehensive_stats(context: dg.OpExecutionContext, config: ScoringConfig) -> None:
        with explained():
            source = source_named(sources, config.source_name)
            scored = score_source(context, source, sources, config)
        fail_on_wrong_cells(scored)

    return comprehensive_stats


def refresh_scores_op(sources: Sequence[Source]) -> dg.OpDefinition:
    """Return the op of `refresh` that scores every source, from what is published."""

    @dg.op(
        ins={"ingested": dg.In(dg.Nothing)},
        required_resource_keys=resource_keys(sources),
        pool=SCORES_POOL,
        description="Publish the scores of every configured source, from what is published by then.",
    )
    def score(context: dg.OpExecutionContext, config: RefreshScoringConfig) -> None:
        with explained():
            named = [source_named(sources, name) for name in config.sources]
            chosen = named or configured_sources(sources, context.resources, context.log.info)
            all_scored = [score_source(context, source, sources, config) for source in chosen]
        for scored in all_scored:
            fail_on_wrong_cells(scored)

    return score
