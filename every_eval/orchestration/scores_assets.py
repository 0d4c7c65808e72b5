"""Assets of the scores repo: a factory makes those of each source."""

from collections.abc import Iterator, Sequence

import dagster as dg

from every_eval.orchestration.asset_keys import SCORES_POOL
from every_eval.orchestration.asset_specs import scores_specs
from every_eval.orchestration.ingestion_steps import check_published
from every_eval.orchestration.run_header import log_header
from every_eval.orchestration.scores_checks import scores_check_specs
from every_eval.orchestration.scoring_steps import ScoringOptions, score_source
from every_eval.orchestration.step_failures import explained
from every_eval.orchestration.summary import log_summary
from every_eval.sources.source import Source


def scores_assets(source: Source, sources: Sequence[Source]) -> dg.AssetsDefinition:
    """Return the assets of a source's tables in the scores repo; one step makes them from all published shards."""

    @dg.multi_asset(
        name=f"{source.name}_scores",
        specs=scores_specs(source),
        check_specs=scores_check_specs(source),
        can_subset=True,
        required_resource_keys={"hub"},
        pool=SCORES_POOL,
    )
    def scores(context: dg.AssetExecutionContext, config: ScoringOptions) -> Iterator[dg.MaterializeResult[None]]:
        log_header(context, ())
        with explained():
            scored, found = score_source(context, source, sources, config)
            found |= check_published(context, source)
            log_summary(context, [source], {source.name: scored})
        found.raise_for(context)
        yield from ()  # The step has logged its materialisations itself.

    return scores
