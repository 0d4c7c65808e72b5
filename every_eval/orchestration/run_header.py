"""The first lines of a run, and its tags in the UI: where it reads from, where it publishes, and its versions."""

import platform
from collections.abc import Iterable
from importlib.metadata import version
from typing import Final

from every_eval.orchestration.code_location import assign_code_location
from every_eval.orchestration.resources import hub_resource, source_resource
from every_eval.orchestration.time_limit import Context
from every_eval.sources.source import Source

TAG_PREFIX: Final = "every_eval/"
"""First part of the names of our own tags of a run."""


def log_header(context: Context, sources: Iterable[Source]) -> None:
    """Log where the run reads the sources from, where it publishes, and with which versions; tag the run with the same.

    Sources without results to read are left out. Nothing is opened: a setting may yet turn out to be wrong.
    """
    hub = hub_resource(context.resources)
    places = {source: source_resource(context.resources, source) for source in sources}
    found = {
        "versions": f"every_eval {version('every_eval')}, Dagster {version('dagster')}, "
        f"Python {platform.python_version()}",
        **{f"reads_{source.name}": place.shown_root for source, place in places.items() if place.is_configured(source)},
        "data_repo": hub.describe(hub.data),
        "scores_repo": hub.describe(hub.scores),
        **({"page": hub.describe(hub.page)} if hub.page else {}),
    }
    for name, value in found.items():
        context.log.info(f"{name.replace('_', ' ')}: {value}")
    assign_code_location(context.instance, context.run.run_id)
    context.instance.add_run_tags(context.run.run_id, {f"{TAG_PREFIX}{name}": value for name, value in found.items()})
