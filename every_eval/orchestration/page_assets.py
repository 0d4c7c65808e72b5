"""The asset of the page, which shows the tables of all sources."""

from collections.abc import Iterator, Sequence

import dagster as dg

from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.scenario_scores import SCENARIO_SCORES
from every_eval.orchestration import freshness
from every_eval.orchestration.asset_keys import CROSS_SOURCE_KEY, OWNERS, PAGE_KEY, SCORES_POOL, asset_key
from every_eval.orchestration.findings import Report
from every_eval.orchestration.metadata import column_schema
from every_eval.orchestration.page_steps import page_check_specs, publish_page
from every_eval.orchestration.run_header import log_header
from every_eval.orchestration.step_failures import explained
from every_eval.sources.source import Source


def page_assets(sources: Sequence[Source]) -> dg.AssetsDefinition:
    """Return the asset of the page."""
    spec = dg.AssetSpec(
        PAGE_KEY,
        deps=[*(asset_key(source, LEADERBOARD) for source in sources), CROSS_SOURCE_KEY],
        group_name=PAGE_KEY.to_user_string(),
        kinds={"javascript", "huggingface"},
        owners=OWNERS,
        tags={"every_eval/schedule": "daily"},
        freshness_policy=freshness.DAILY,
        metadata={"dagster/column_schema": column_schema(SCENARIO_SCORES)},
        description=(
            "A page that shows the leaderboards and the answers behind them. It reads the published files in the "
            f"browser. The page's own files hold: {SCENARIO_SCORES.doc}"
        ),
        skippable=True,
    )

    @dg.multi_asset(
        name="page",
        specs=[spec],
        check_specs=page_check_specs(),
        can_subset=True,
        required_resource_keys={"hub"},
        pool=SCORES_POOL,
    )
    def page(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        log_header(context, ())
        with explained():
            problems = publish_page(context, sources)
        Report().raise_for(context, problems)
        yield from ()  # The step has logged its materialisation itself.

    return page
