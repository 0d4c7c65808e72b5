"""Main scores of a benchmark's runs, with the set-up that can differ between sources."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, Final

import pyarrow.compute as pc

from every_eval.contracts.cross_source import FILTER, METRIC, STATED_SETUP
from every_eval.contracts.model_names import model_id
from every_eval.contracts.scenario_names import common_name
from every_eval.scoring.tables.compared_scores import is_main_score
from every_eval.scoring.tables.releases import ShownRelease
from every_eval.sources.distinct import to_rows
from every_eval.sources.statistic_key import StatisticKey
from every_eval.sources.statistics_files import StatisticsFiles

UNFILTERED: Final = "none"
"""Name of lm-eval's filter that leaves outputs as they are."""
_READ: Final = tuple(
    dict.fromkeys((*StatisticKey._fields, *STATED_SETUP, "mean", "dataset_name", "model_name", "is_main_metric"))
)


@dataclass(frozen=True)
class SourceRun:
    """A main score of a run."""

    source: str
    benchmark: str
    release: str
    statistic: StatisticKey
    model: str
    """The model's identity, which `model_id` returns."""
    score: float
    scenario: str | None
    """Common name of the scenario."""
    setup: Mapping[str, Any]
    """Values of `SETUP` by name, and the metric's name without its filter."""
    lower_is_better: bool | None

    @property
    def place(self) -> tuple[str, str]:
        """Source and benchmark."""
        return (self.source, self.benchmark)

    @property
    def columns(self) -> dict[str, Any]:
        """Values of the columns `SIDE` and `SETUP`, without the number of items."""
        facts = {"source": self.source, "benchmark": self.benchmark, "release": self.release, "score": self.score}
        return {**self.setup, **self.statistic._asdict(), **facts}


def source_runs(
    place: tuple[str, str], stats: StatisticsFiles, release: ShownRelease, models: Set[str]
) -> list[SourceRun]:
    """Return the main scores from outputs, on the original texts, of some models in a release.

    Args:
        place: Source and benchmark.
        stats: Statistics of the benchmark.
        release: The release that the leaderboard shows.
        models: Identities of the models.
    """
    rows = stats.of(release.runs).read(_READ, lambda rows: pc.and_(is_main_score(rows), rows["mean"].is_valid()))
    return [
        _run(place, row, model, release)
        for row in to_rows(rows)
        if (model := model_id(row["model_name"])) is not None and model in models
    ]


def _run(place: tuple[str, str], row: Mapping[str, Any], model: str, release: ShownRelease) -> SourceRun:
    source, benchmark = place
    name, _, text = row["metric_name"].partition(",")
    setup = {
        **{one: row[one] for one in STATED_SETUP},
        FILTER: None if text == UNFILTERED else text or None,
        METRIC: name,
    }
    scenario = row["dataset_name"] and common_name(source, row["dataset_name"])
    key = StatisticKey(*(row[one] for one in StatisticKey._fields))
    direction = release.lower_is_better.get(row["metric_name"])
    return SourceRun(source, benchmark, release.name, key, model, row["mean"], scenario, setup, direction)
