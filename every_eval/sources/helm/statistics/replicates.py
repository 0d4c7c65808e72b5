"""Bootstrap replicates of a run's main metrics."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.stats import BOOTSTRAP, N_REPLICATES, STATISTIC_KEY
from every_eval.sources.helm.statistics.metric_values import ORIGINAL, RunMetrics
from every_eval.sources.helm.statistics.perplexity import NUMERATOR, RATIOS
from every_eval.sources.helm.statistics.recompute import average_trials, derive
from every_eval.statistics.bootstrap import draw_and_replicate

SCHEMA = pa.schema([column.field for column in (*STATISTIC_KEY, *BOOTSTRAP)])


def replicate_main_metrics(
    run: RunMetrics, main_metrics: Collection[tuple[str, str | None]], scenario: Sequence[str | None]
) -> pa.Table:
    """Draw replicates of a run's main metrics on the original text.

    Args:
        run: The run's metrics, at least those that `metrics_behind` returns.
        main_metrics: Name and split of each main metric; every sub-split is a statistic of its own.
        scenario: Tells the instances apart from instances of other scenarios with the same id: see `draw_weights`.

    Returns:
        The columns of `STATISTIC_KEY` and `BOOTSTRAP`, one row for each main metric that has values, all of them
        finite. The sums are taken in the order of the instance ids, so that equal values give equal replicates.
    """
    originals = _select_originals(run, metrics_behind({name for name, _ in main_metrics}))
    derived = derive(originals, has_worst_cases=False)
    scored = derived.values.take(derived.values.count > 0)
    metric, instance, values = average_trials(derived, scored, scored.metric, len(derived.metrics))
    rows, seed = [], canonical_json(list(scenario))
    for position, (name, split, sub_split) in enumerate(derived.metrics):
        chosen = metric == position
        is_odd = derived.values.odd[derived.values.metric == position].any() or np.isnan(values[chosen]).any()
        if (name, split) in main_metrics and chosen.any() and not is_odd:
            instance_ids = [derived.instance_ids[number] for number in instance[chosen].tolist()]
            drawn = draw_and_replicate(instance_ids, values[chosen], seed, N_REPLICATES)
            rows.append((name, split, sub_split, *ORIGINAL, *drawn))
    columns = zip(*rows, strict=True) if rows else [()] * len(SCHEMA)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )


def metrics_behind(names: set[str]) -> set[str]:
    """Return the names of the metrics that statistics of these names are computed from."""
    return names | {part for ratio in RATIOS if ratio.name in names for part in (NUMERATOR, ratio.denominator)}


def _select_originals(run: RunMetrics, names: set[str]) -> RunMetrics:
    """Return the metrics of these names on the original text, with the instances in the order of their ids."""
    is_named = np.array([metric.name in names for metric in run.metrics], np.bool_)
    values = run.values.take(np.flatnonzero(is_named[run.values.metric] & (run.values.treatment == 0)))
    trials = run.trials.take(np.flatnonzero(is_named[run.trials.metric] & (run.trials.treatment == 0)))
    present, metric = np.unique(values.metric, return_inverse=True)
    order = sorted(range(len(run.instance_ids)), key=run.instance_ids.__getitem__)
    values = replace(values, metric=metric, instance=np.argsort(order)[values.instance])
    return replace(
        run,
        metrics=tuple(run.metrics[position] for position in present.tolist()),
        instance_ids=tuple(run.instance_ids[position] for position in order),
        values=values.take(np.argsort(run.keys(values, ("metric", "trial", "instance")))),
        trials=replace(trials, metric=np.searchsorted(present, trials.metric)),
    )
