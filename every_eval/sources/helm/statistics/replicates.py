"""Bootstrap replicates of a run's main metrics."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.stats import BOOTSTRAP, N_REPLICATES, STATISTIC_KEY
from every_eval.sources.helm.statistics.cells import ORIGINAL, Run
from every_eval.sources.helm.statistics.instances import average_trials, derive
from every_eval.sources.helm.statistics.perplexity import NUMERATOR, RATIOS
from every_eval.statistics.bootstrap import draw_and_replicate

SCHEMA = pa.schema([column.field for column in (*STATISTIC_KEY, *BOOTSTRAP)])


def replicate_main_metrics(
    measured: Run, main_metrics: Collection[tuple[str, str | None]], scenario: Sequence[str | None]
) -> pa.Table:
    """Replicates of a run's main metrics, on the original text.

    Args:
        measured: The run's metrics, with those at least that `needed_metrics` tells.
        main_metrics: Metric and split of each; every sub-split is a statistic of its own.
        scenario: What tells the instances apart from others of the same id: see `draw_weights`.

    Returns:
        The columns of `STATISTIC_KEY` and `BOOTSTRAP`, one row for each main metric that has a value. The sums are
        taken in the order of the instances' ids, so that equal values give equal replicates.
    """
    run = derive(_originals(measured, needed_metrics({name for name, _ in main_metrics})), has_worst_cases=False)
    scored = run.cells.take(run.cells.count > 0)
    statistic, instance, values = average_trials(run, scored, scored.metric)
    rows, seed = [], canonical_json(list(scenario))
    for index, metric in enumerate(run.metrics):
        chosen = statistic == index
        if metric[:2] in main_metrics and chosen.any():
            instance_ids = [run.instance_ids[position] for position in instance[chosen].tolist()]
            rows.append((*metric, *ORIGINAL, *draw_and_replicate(instance_ids, values[chosen], seed, N_REPLICATES)))
    columns = zip(*rows, strict=True) if rows else [()] * len(SCHEMA)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )


def needed_metrics(names: set[str]) -> set[str]:
    """The metrics that statistics of these names are made from."""
    return names | {part for ratio in RATIOS if ratio.name in names for part in (NUMERATOR, ratio.denominator)}


def _originals(run: Run, names: set[str]) -> Run:
    """The cells of metrics of these names on the original text, with instances in the order of their ids."""
    is_named = np.array([metric.name in names for metric in run.metrics], np.bool_)
    cells = run.cells.take(np.flatnonzero(is_named[run.cells.metric] & (run.cells.treatment == 0)))
    present, metric = np.unique(cells.metric, return_inverse=True)
    order = sorted(range(len(run.instance_ids)), key=run.instance_ids.__getitem__)
    cells = replace(cells, metric=metric, instance=np.argsort(order)[cells.instance])
    places = (cells.metric * run.n_trials + cells.trial) * len(order) + cells.instance
    return replace(
        run,
        metrics=tuple(run.metrics[place] for place in present.tolist()),
        instance_ids=tuple(run.instance_ids[place] for place in order),
        cells=cells.take(np.argsort(places)),
    )
