"""The step of the page, which the asset and the jobs share: publish the page, and log its event and its checks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import dagster as dg

from every_eval.contracts.scenario_scores import SCENARIO_SCORES
from every_eval.errors import EveryEvalError
from every_eval.hub.hub import Snapshot
from every_eval.orchestration.asset_keys import PAGE_KEY, CheckName
from every_eval.orchestration.data_versions import discovery_tags
from every_eval.orchestration.file_checks import CONTRACT_MEANING
from every_eval.orchestration.findings import Finding, report
from every_eval.orchestration.metadata import link
from every_eval.orchestration.resources import HubResource, hub_resource
from every_eval.orchestration.step_failures import Explanation, explain
from every_eval.orchestration.time_limit import Context, limited
from every_eval.sources.source import Source

PUBLISHED_MEANING: Final = "The page shows the newest rows and scores."
PAGE_VARIABLE: Final = "EVERY_EVAL_PAGE_REPO"


def page_check_specs() -> list[dg.AssetCheckSpec]:
    """Return the checks of the page."""
    meanings = {CheckName.CONTRACT: CONTRACT_MEANING, CheckName.PUBLISHED: PUBLISHED_MEANING}
    return [dg.AssetCheckSpec(check.value, asset=PAGE_KEY, description=text) for check, text in meanings.items()]


@limited
def publish_page(context: Context, sources: Sequence[Source]) -> Mapping[str, Explanation]:
    """Publish the page, and log the event of its asset and its checks. A page that fails takes nothing else with it.

    Returns:
        Why the page could not be published, by the name of its asset; empty if it is published, or not wanted.
    """
    hub = hub_resource(context.resources)
    if hub.page is None:
        context.log.info(f"No page is published, because {PAGE_VARIABLE} is none.")
        return {}
    try:
        head = _publish(hub, hub.page, sources)
    except EveryEvalError as error:
        problem = explain(error, PAGE_VARIABLE)
        report(context, _findings(0, [str(problem)]))
        return {PAGE_KEY.to_user_string(): problem}
    n_tables = sum(path.startswith(f"{SCENARIO_SCORES.name}/") for path in head.files)
    context.log_event(_materialization(hub, hub.page, head))
    report(context, _findings(n_tables, []))
    return {}


def _publish(hub: HubResource, page: str, sources: Sequence[Source]) -> Snapshot:
    from every_eval.page.page_builder import PageBuilder

    opened = hub.open()
    opened.check_access(page)
    return PageBuilder(opened, page, hub.data, hub.scores, sources).publish()


def _materialization(hub: HubResource, page: str, head: Snapshot) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(
        PAGE_KEY,
        metadata={
            "location": link(hub.open().location(page)),
            "files": len(head.files),
            "bytes": sum(file.size for file in head.files.values()),
        },
        tags=discovery_tags(head.commit or ""),
    )


def _findings(n_tables: int, failures: Sequence[str]) -> Iterator[Finding]:
    """Yield what the checks of the page find; its tables were validated before the commit."""
    if not failures:
        yield Finding(PAGE_KEY, CheckName.CONTRACT, CONTRACT_MEANING, n_compared=n_tables, compared="files")
    yield Finding(
        PAGE_KEY, CheckName.PUBLISHED, PUBLISHED_MEANING, n_compared=1, compared="pages", failures=list(failures)
    )
