"""The key by which a score names a statistic of a run, so that the score's single items can be found."""

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
