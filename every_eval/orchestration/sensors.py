"""Sensors: ingest what changed at a source, and score what was published, without waiting for the schedules.

All sensors are off until somebody switches them on. A sensor launches one run for each change, and says why it launched
none.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Final

import dagster as dg

from every_eval.errors import EveryEvalError
from every_eval.network.redaction import redact
from every_eval.orchestration.ingestion_lock import ingesting_runs
from every_eval.orchestration.jobs import DAILY, WEEKLY, daily_config
from every_eval.orchestration.resources import HubResource, SourceResource, source_resource
from every_eval.scoring.change_detection import expected_state
from every_eval.sources.source import Source

UPSTREAM_SECONDS: Final = 3600
"""Least time between two looks at a source."""
PUBLISHED_SECONDS: Final = 600
"""Least time between two looks at the Hub."""


def make_sensors(sources: Sequence[Source]) -> list[dg.SensorDefinition]:
    """Return the sensors of every source."""
    return [make(source) for source in sources for make in (upstream_sensor, published_sensor)]


def upstream_sensor(source: Source) -> dg.SensorDefinition:
    """Return the sensor that launches the weekly job for the benchmarks whose indexes changed."""

    @dg.sensor(
        name=f"{source.name}_upstream_sensor",
        job_name=WEEKLY,
        minimum_interval_seconds=UPSTREAM_SECONDS,
        required_resource_keys={source.name},
        description="Looks once an hour for a new release, a new suite or a changed index, and ingests it.",
    )
    def upstream(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        seen: dict[str, str] = json.loads(context.cursor or "{}")
        place = source_resource(context.resources, source)
        if not place.is_configured(source):
            return _skip(f"{place.root_variable} is not set.")
        now, problems = _read_witnesses(source, place)
        changed = sorted(name for name, witness in now.items() if witness != seen.get(name))
        unread = "".join(f" {name} could not be read: {error}." for name, error in problems.items())
        if not changed:
            return _skip(f"Nothing changed at the source of {', '.join(now) or 'no benchmark'}.{unread}")
        if others := ingesting_runs(context.instance):
            return _skip(f"{', '.join(changed)} changed, but run {others[0]} is ingesting; the next look checks again.")
        steps = {name: [seen.get(name), now[name]] for name in changed}
        request = dg.RunRequest(
            run_key=f"{source.name} {_digest(steps)}",
            run_config={"ops": {"discover": {"config": {"sources": [source.name], "benchmarks": changed}}}},
            tags={"source": source.name, "changed": ",".join(changed)},
        )
        return dg.SensorResult([request], cursor=json.dumps(seen | now, sort_keys=True))

    return upstream


def published_sensor(source: Source) -> dg.SensorDefinition:
    """Return the sensor that launches the daily job when shards or releases are published that have no scores yet."""

    @dg.sensor(
        name=f"{source.name}_published_sensor",
        job_name=DAILY,
        minimum_interval_seconds=PUBLISHED_SECONDS,
        description="Compares the listings of the two repos, and scores published shards that the leaderboard lacks.",
    )
    def published(context: dg.SensorEvaluationContext, hub: HubResource) -> dg.SensorResult:
        try:
            missing = _unscored_files(source, hub)
        except EveryEvalError as error:
            return _skip(f"The Hub could not be read: {error}.")
        if not missing:
            return _skip("Everything that is published is in the leaderboard.")
        if others := ingesting_runs(context.instance):
            return _skip(f"Run {others[0]} is ingesting; what it publishes is scored when the run has ended.")
        change = _digest(missing)
        if change == context.cursor:
            return _skip(
                "The run that was launched for these shards has not scored them. Look at that run, and launch it again."
            )
        request = dg.RunRequest(
            run_key=f"{source.name} {change}", run_config=daily_config(source), tags={"source": source.name}
        )
        return dg.SensorResult([request], cursor=change)

    return published


def _read_witnesses(source: Source, place: SourceResource) -> tuple[dict[str, str], dict[str, EveryEvalError]]:
    """Return a digest of the indexes of each benchmark that is followed, and the errors of the other benchmarks."""
    witnesses: dict[str, str] = {}
    problems: dict[str, EveryEvalError] = {}
    try:
        storage = place.open(source)
        followed = place.followed(source, storage)
    except EveryEvalError as error:
        return {}, {source.name: error}
    for benchmark in followed:
        try:
            witnesses[benchmark] = place.set_up(source).index_witness(storage, benchmark)
        except EveryEvalError as error:
            problems[benchmark] = error
    return witnesses, problems


def _unscored_files(source: Source, hub: HubResource) -> list[str]:
    """List the state files that the scores repo lacks for what is published."""
    opened = hub.open()
    needed = {path for folding in expected_state(opened.snapshot(hub.data), source.name) for path in folding.paths}
    return sorted(needed - opened.snapshot(hub.scores).files.keys())


def _digest(marks: Mapping[str, Sequence[str | None]] | Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(marks, sort_keys=True).encode()).hexdigest()[:12]


def _skip(reason: str) -> dg.SensorResult:
    return dg.SensorResult(skip_reason=redact(reason))
