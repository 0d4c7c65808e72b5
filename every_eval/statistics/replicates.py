"""Bootstrap replicates of a run's main metrics."""

from collections.abc import Collection, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.stats import BOOTSTRAP, STATISTIC_KEY
from every_eval.statistics.bootstrap import draw_and_replicate
from every_eval.statistics.cells import ORIGINAL, read_run
from every_eval.statistics.instances import average_trials, derive
from every_eval.statistics.perplexity import NUMERATOR, RATIOS

SCHEMA = pa.schema([column.field for column in (*STATISTIC_KEY, *BOOTSTRAP)])


def replicate_main_metrics(
    metrics: pa.Table, main_metrics: Collection[tuple[str, str | None]], scenario: Sequence[str | None]
) -> pa.Table:
    """Replicates of a run's main metrics, on the original text.

    Args:
        metrics: The run's rows of the table `metrics`, in any order.
        main_metrics: Metric and split of each; every sub-split is a statistic of its own.
        scenario: What tells the instances apart from others of the same id: see `draw_weights`.

    Returns:
        The columns of `STATISTIC_KEY` and `BOOTSTRAP`, one row for each main metric that has a value. The sums are
        taken in the order of the instances' ids, so that equal values give equal replicates.
    """
    run = derive(read_run(_needed(metrics, {name for name, _ in main_metrics})), has_worst_cases=False)
    scored = run.cells.take(run.cells.count > 0)
    statistic, instance, values = average_trials(run, scored, scored.metric)
    rows = []
    for index, metric in enumerate(run.metrics):
        chosen = statistic == index
        if metric[:2] in main_metrics and chosen.any():
            instance_ids = [run.instance_ids[position] for position in instance[chosen].tolist()]
            rows.append((*metric, *ORIGINAL, *draw_and_replicate(instance_ids, values[chosen], scenario)))
    columns = zip(*rows, strict=True) if rows else [()] * len(SCHEMA)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )


def needed_metrics(names: set[str]) -> set[str]:
    """The metrics that statistics of these names are made from."""
    return names | {part for ratio in RATIOS if ratio.name in names for part in (NUMERATOR, ratio.denominator)}


def _needed(metrics: pa.Table, names: set[str]) -> pa.Table:
    """The rows, by instance, that statistics of these names are made from."""
    is_named = pc.is_in(metrics["metric_name"], pa.array(sorted(needed_metrics(names)), pa.string()))
    is_original = pc.is_null(metrics["perturbation"])
    return metrics.filter(pc.and_(is_named, is_original)).sort_by("instance_id")
