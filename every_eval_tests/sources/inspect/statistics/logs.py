"""Logs that Inspect wrote, for tests: of each sample only the scores, and the metadata that metrics need."""

import json
import tarfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from every_eval.sources.inspect.statistics.comparison import needed_metadata
from every_eval.sources.inspect.statistics.run_scores import ScoredSample

ARCHIVE = Path(__file__).parents[3] / "fixtures" / "inspect_scores.tar.xz"
"""Logs as .json, with the reductions of epochs that Inspect wrote. drawn_0_3_285 and drawn_0_3_160 are lists of logs
whose results those versions computed from scores that were drawn at random, with all metrics and reducers."""

LOGS = (
    "essay",
    "multiple_choice",
    "epochs_with_errors",
    "without_samples",
    "cancelled",
    "killed",
    "version_0_3_160",
    "odd_values",
    "odd_objects",
    "odd_values_in_epochs",
    "all_metrics",
)
DRAWN = ("drawn_0_3_285", "drawn_0_3_160")


@cache
def _files() -> Mapping[str, bytes]:
    with tarfile.open(ARCHIVE) as archive:
        return {Path(item.name).stem: archive.extractfile(item).read() for item in archive}  # type: ignore[union-attr]


def load(name: str) -> Any:
    """Return a log, or a list of logs, which a test may change."""
    return json.loads(_files()[name])


def samples(log: Mapping[str, Any]) -> Sequence[ScoredSample]:
    """Return the samples of a log, with the metadata that its metrics need."""
    needed = needed_metadata(log.get("results") or {})
    return [
        ScoredSample(
            item["id"],
            item["epoch"],
            {scorer: score["value"] for scorer, score in item["scores"].items()},
            {key: value for key, value in item["metadata"].items() if key in needed},
            "error" in item,
        )
        for item in log["samples"]
    ]
