"""How a score names the statistics that it pools, so that the single items behind the score can be found."""

from typing import NamedTuple


class StatisticKey(NamedTuple):
    """Key of a statistic of a run within its benchmark, as in the tables `stats` and `item_scores`."""

    suite: str
    run: str
    metric_name: str
    split: str | None
    sub_split: str | None
    perturbation: str | None = None
    """Perturbation as canonical JSON; null for the original inputs."""


class PooledStatistic(NamedTuple):
    """A statistic that a score pools."""

    key: StatisticKey
    weight: float
    """Weight of the statistic's mean in the score, relative to the other statistics: its number of trials."""
    mean: float
    """Mean of the statistic; of a ratio of sums, its value."""
