"""Read what comparisons of single items need to know of runs: variant, model, judges and scored main metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.sources.distinct import to_rows
from every_eval.sources.statistic_key import StatisticKey
from every_eval.sources.statistics_files import RunKey, StatisticsFiles


class MetricKey(NamedTuple):
    """What tells the main scores of a run apart."""

    metric_name: str
    split: str | None
    sub_split: str | None


FACTS: Final = ("model_name", "model_deployment", "dataset_name", "task")
"""Columns that the tables copy from the statistics of a run."""
_READ: Final = (
    *("suite", "run", "shard", "variant", *FACTS, *MetricKey._fields),
    *("judges", "unscored_reason", "is_main_metric", "perturbation"),
)


@dataclass
class EvaluatedRun:
    """One run."""

    key: RunKey
    shard: str
    variant: str
    facts: Mapping[str, str | None]
    """Values of the columns `FACTS`."""
    judges: tuple[str, ...] = ()
    """Names of who judged the outputs; empty if nobody did."""
    metrics: list[MetricKey] = field(default_factory=list)
    """Main scores on the original texts that are computed from outputs."""

    def statistic(self, metric: MetricKey, perturbation: str | None = None) -> StatisticKey:
        """Return the key of a statistic of the run."""
        return StatisticKey(*self.key, metric.metric_name, metric.split, metric.sub_split, perturbation)

    @property
    def columns(self) -> dict[str, Any]:
        """Values of the columns suite, run, variant and `FACTS`."""
        return {"suite": self.key[0], "run": self.key[1], "variant": self.variant, **self.facts}


def read_runs(stats: StatisticsFiles) -> dict[RunKey, EvaluatedRun]:
    """Return the runs that have main scores, sorted by suite and name."""
    runs: dict[RunKey, EvaluatedRun] = {}
    for of in to_rows(stats.read(_READ, _is_main_score)):
        key = (of["suite"], of["run"])
        facts, judges = {name: of[name] for name in FACTS}, tuple(of["judges"] or ())
        run = runs.setdefault(key, EvaluatedRun(key, of["shard"], of["variant"], facts, judges))
        if of["unscored_reason"] is None:
            run.metrics.append(MetricKey(*(of[name] for name in MetricKey._fields)))
    return dict(sorted(runs.items()))


def _is_main_score(stats: pa.Table) -> pa.ChunkedArray:
    return pc.and_(stats["is_main_metric"], stats["perturbation"].is_null())
