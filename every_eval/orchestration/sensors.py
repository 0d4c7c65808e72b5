"""Sensors: what changed upstream is ingested, and what was published is scored, without waiting for the schedules.

Both are off until switched on, launch one run a change, and say why they launched none.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Final

import dagster as dg

from every_eval.errors import EveryEvalError
from every_eval.orchestration.jobs import DAILY, WEEKLY, scoring
from every_eval.orchestration.resources import HubResource, SourceResource
from every_eval.orchestration.turn import ingesting
from every_eval.scoring.change_detection import wanted
from every_eval.sources.source import Source

UPSTREAM_SECONDS: Final = 3600
PUBLISHED_SECONDS: Final = 600


def sensors(sources: Sequence[Source]) -> list[dg.SensorDefinition]:
    """The sensors of every source."""
    return [make(source) for source in sources for make in (upstream_sensor, published_sensor)]


def upstream_sensor(source: Source) -> dg.SensorDefinition:
    """Launches the weekly job for the benchmarks whose indexes changed."""

    @dg.sensor(
        name=f"{source.name}_upstream_sensor",
        job_name=WEEKLY,
        minimum_interval_seconds=UPSTREAM_SECONDS,
        required_resource_keys={source.name},
        description="A new release, a new suite or a changed index upstream: ingest it. Looks once an hour.",
    )
    def upstream(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        seen: dict[str, str] = json.loads(context.cursor or "{}")
        place: SourceResource = getattr(context.resources, source.name)
        if not place.is_configured(source):
            return _skip(f"{place.root_variable} is not set.")
        now, problems = _look(source, place)
        changed = sorted(name for name, witness in now.items() if witness != seen.get(name))
        unread = "".join(f" {name} could not be looked at: {error}." for name, error in problems.items())
        if not changed:
            return _skip(f"Nothing changed upstream of {', '.join(now) or 'nothing'}.{unread}")
        if others := ingesting(context.instance):
            return _skip(f"{', '.join(changed)} changed; run {others[0]} is ingesting, so it is looked at again later.")
        steps = {name: [seen.get(name), now[name]] for name in changed}
        request = dg.RunRequest(
            run_key=f"{source.name} {_digest(steps)}",
            run_config={"ops": {"discover": {"config": {"sources": [source.name], "benchmarks": changed}}}},
            tags={"source": source.name, "changed": ",".join(changed)},
        )
        return dg.SensorResult([request], cursor=json.dumps(seen | now, sort_keys=True))

    return upstream


def published_sensor(source: Source) -> dg.SensorDefinition:
    """Launches the daily job when shards or releases are published that the scores do not have."""

    @dg.sensor(
        name=f"{source.name}_published_sensor",
        job_name=DAILY,
        minimum_interval_seconds=PUBLISHED_SECONDS,
        description="Shards that are published and not in the leaderboard: score them. Compares two listings.",
    )
    def published(context: dg.SensorEvaluationContext, hub: HubResource) -> dg.SensorResult:
        try:
            missing = _unscored(source, hub)
        except EveryEvalError as error:
            return _skip(f"The Hub could not be looked at: {error}.")
        if not missing:
            return _skip("Everything that is published is in the leaderboard.")
        if others := ingesting(context.instance):
            return _skip(f"Run {others[0]} is ingesting; what it publishes is scored when it has ended.")
        change = _digest(missing)
        if change == context.cursor:
            return _skip(
                "A run was launched for what is published, and has not scored it; see why, and launch it again."
            )
        request = dg.RunRequest(
            run_key=f"{source.name} {change}", run_config=scoring(source), tags={"source": source.name}
        )
        return dg.SensorResult([request], cursor=change)

    return published


def _look(source: Source, place: SourceResource) -> tuple[dict[str, str], dict[str, EveryEvalError]]:
    """The marks of each benchmark that is followed, and what was wrong with the others."""
    marks: dict[str, str] = {}
    problems: dict[str, EveryEvalError] = {}
    try:
        storage = place.open(source)
        followed = place.followed(source, storage)
    except EveryEvalError as error:
        return {}, {source.name: error}
    for benchmark in followed:
        try:
            marks[benchmark] = source.index_witness(storage, benchmark)
        except EveryEvalError as error:
            problems[benchmark] = error
    return marks, problems


def _unscored(source: Source, hub: HubResource) -> list[str]:
    """Files that the scores repo should have of what is published, and has not."""
    place = hub.open()
    needed = {path for folding in wanted(place.snapshot(hub.data), source.name) for path in folding.paths}
    return sorted(needed - place.snapshot(hub.scores).files.keys())


def _digest(marks: Mapping[str, Sequence[str | None]] | Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(marks, sort_keys=True).encode()).hexdigest()[:12]


def _skip(reason: str) -> dg.SensorResult:
    return dg.SensorResult(skip_reason=reason)
