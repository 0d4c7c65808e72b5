"""Hold a run's files against each other: what one file has and another one lacks is a reject by file and number.

In HELM's own output, instances, predictions and the entries of per_instance_stats.json pair fully, `num_instances`
counts the instances of each perturbation, and stats.json has every metric of an entry with its perturbation. An output
has a prediction for each trial, even where the display files show only one of several requests.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

import numpy as np

from every_eval.sources.helm.reading.keys import Keys
from every_eval.sources.helm.reading.metric_index import MetricIndex
from every_eval.sources.helm.reading.metrics import LANGUAGE_MODELING
from every_eval.sources.helm.reading.records import AdapterSpec
from every_eval.sources.helm.reading.reported_statistics import ReportedStatistics, StatisticKey

METRICS: Final = "per_instance_stats.json"
STATISTICS: Final = "stats.json"


class Missing(NamedTuple):
    """Rows that a file lacks."""

    file: str
    n_rows: int
    of: str
    """Description of all rows that the file should have, with their number."""


def missing_outputs(keys: Keys, index: MetricIndex, file: str) -> Iterator[Missing]:
    """Yield what `file`, which has the outputs with these keys, and per_instance_stats.json lack of each other."""
    codes = np.fromiter((index.keys.get(key, -1) for key in keys.of_samples()), np.int64, len(keys.ids))
    n_shared = len(np.unique(codes[codes >= 0]))
    yield Missing(file, len(index.keys) - n_shared, f"{len(index.keys)} outputs that {METRICS} has")
    yield Missing(METRICS, int((codes < 0).sum()), f"{len(codes)} outputs that {file} has")


def missing_trials(adapter: AdapterSpec, index: MetricIndex) -> Iterator[Missing]:
    """Yield the trials that run_spec.json states and per_instance_stats.json lacks; language modelling has only one."""
    stated, n_found = adapter.num_train_trials, len({trial for _, _, trial in index.keys})
    if isinstance(stated, int) and n_found and adapter.method != LANGUAGE_MODELING:
        yield Missing(METRICS, stated - n_found, f"{stated} trials that run_spec.json states")


def missing_statistics(
    reported: ReportedStatistics, recomputed: Collection[StatisticKey], index: MetricIndex
) -> Iterator[Missing]:
    """Yield what stats.json and per_instance_stats.json lack of each other.

    Of the recomputed statistics those are looked for that are means of measured values. Old versions of HELM may lack
    others: worst cases, and metrics that are made of several.
    """
    measured = {key for key in recomputed if key[0] in index.metric_names and key[-1] in (None, "perturbed")}
    n_missing = len(measured - reported.places.keys())
    yield Missing(STATISTICS, n_missing, f"{len(measured)} statistics of metrics that {METRICS} has")
    counted: dict[str | None, float] = defaultdict(float)
    for key, mean in zip(reported.places, reported.rows["reported_mean"].to_pylist(), strict=True):
        if key[0] == "num_instances" and mean is not None:
            counted[key[3]] += mean
    found = index.count_instances()
    for perturbation, total in counted.items():
        n_instances, of = round(total), f" of the perturbation {perturbation}" if perturbation else ""
        n_missing = n_instances - found.get(perturbation, 0)
        yield Missing(METRICS, n_missing, f"{n_instances} instances{of} that {STATISTICS} counts")
