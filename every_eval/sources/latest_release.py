"""The only release of a benchmark whose source has no releases: `latest`, with the newest run of each name."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from every_eval.contracts.canonical import canonical_json
from every_eval.sources.source import Run

LATEST: Final = "latest"
"""Name of the release."""


class MainTableColumn(Struct, frozen=True):
    """A column of the main table: a main metric of a variant."""

    variant: str
    metric: str
    """Metric as "{metric},{filter}"."""
    lower_is_better: bool | None
    """Direction of the metric; null if the results files state none, or different ones."""


class ReleaseFacts(Struct, frozen=True):
    """Statements of the results files of a release on which all files agree."""

    lower_is_better: dict[str, bool]
    """Direction of each "{metric},{filter}"; a metric without a direction, or with different ones, is absent."""
    main_table: list[MainTableColumn]
    """Columns of the main table."""
    num_parameters: dict[str, int]
    """Number of parameters of each model; a model without a number, or with different ones, is absent."""


def latest_release_row(
    source: str, benchmark: str, by_time: Iterable[Run], shown: Sequence[Run], facts: ReleaseFacts
) -> Mapping[str, Any]:
    """Return the row of the table `releases`.

    Args:
        source: Name of the source.
        benchmark: Name of the benchmark.
        by_time: All runs of the benchmark, the oldest first.
        shown: Runs that the release shows.
        facts: Statements of the results files of these runs.
    """
    return {
        "source": source,
        "benchmark": benchmark,
        "release": LATEST,
        "is_release": True,
        "is_newest": True,
        "suites": list(dict.fromkeys(run.suite for run in by_time)),
        "runs": [{"suite": run.suite, "run": run.name} for run in shown],
        "pooled_runs": [],
        "schema_json": canonical_json(msgspec.to_builtins(facts)),
        "cells": [],
    }


def read_facts(release: Mapping[str, Any]) -> ReleaseFacts:
    """Return the statements in a row of the table `releases`."""
    return msgspec.json.decode(release["schema_json"], type=ReleaseFacts)
