"""The results of a record: one for each statistic of the run that has a value."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from every_eval.contracts.metric_ranges import range_of
from every_eval.contracts.stats import ERRORS, RECOMPUTED, REPORTED, STATS
from every_eval.export.eee.json_text import text_map
from every_eval.export.release_facts import ReleaseFacts
from every_eval.scoring.tables.comprehensive_stats import intervals
from every_eval.sources.statistics_files import unscore

STATISTIC: Final = ("metric_name", "split", "sub_split", "perturbation", "computed_on")
"""Columns that identify a statistic within its run, as the identifier of a result has them."""
STATS_COLUMNS: Final = tuple(STATS.schema.names)
"""Columns of the table `stats` that a record is made from."""
_ROW_COLUMNS: Final = (
    *("source", *STATISTIC, "perturbation_name", "is_main_metric", "judges", "n_unjudged", "is_complete", "n_rejected"),
    *(column.name for column in (*REPORTED, *RECOMPUTED, *ERRORS)),
    "unscored_reason",
)
"""Columns that differ between the statistics of a run, or that a result repeats."""
_COUNTS: Final = ("n_instances", "n_scored", "n_trials", "reported_count")
_FORMULAS: Final = {
    "pooled": "pooled: sqrt(sum((n - 1) n e^2 / (N - k) / N)) over k tasks with n samples and error e, N in all",
    None: "analytic: sqrt(m2 / (n - 1) / n) over instances, trials of an instance averaged, or over clusters of them; "
    "the variance of several trials is added",
}
Row = Mapping[str, Any]


def scored_rows(stats: pa.Table) -> Sequence[Row]:
    """Return rows of the table `stats` of a run with standard errors and intervals.

    A run whose files or rows are incomplete has no numbers of ours, as in all scores; `source_formula_error` is the
    standard error by the source's own formula.
    """
    scored = unscore(stats)
    columns = {name: scored[name] for name in _ROW_COLUMNS} | intervals(scored)
    rows: list[Row] = pa.table({**columns, "source_formula_error": scored["standard_error"]}).to_pylist()
    return rows


def results(
    statistics: Sequence[Row], release: ReleaseFacts | None, evaluation_name: str
) -> Iterator[tuple[Row, dict[str, Any]]]:
    """Yield each statistic that has a value, with the parts of its result that differ within the run.

    The score is that of the outputs or, where outputs do not determine it, the reported one.
    """
    for row in statistics:
        score = row["reported_mean"] if row["mean"] is None else row["mean"]
        if score is not None:
            yield (
                row,
                {
                    "evaluation_name": evaluation_name,
                    "metric_config": _metric_config(row, score, release),
                    "score_details": _score_details(row, score),
                },
            )


def _metric_config(row: Row, score: float, release: ReleaseFacts | None) -> dict[str, Any]:
    name = row["metric_name"]
    stated = release.metrics.get(name) if release else None
    lower_is_better = release.directions.get(name) if release else None
    details = {
        "lower_is_better_stated": lower_is_better is not None,
        "is_main_metric": row["is_main_metric"],
        "display_name": stated and stated.display_name,
        "judges": row["judges"],
        "n_unjudged": row["n_unjudged"],
    }
    found: dict[str, Any] = {
        "metric_id": f"{row['source']}.{name}",
        "metric_name": name,
        "metric_parameters": {
            each: row[each] for each in (*STATISTIC[1:], "perturbation_name") if row[each] is not None
        },
        "lower_is_better": bool(lower_is_better),
        "additional_details": text_map(details),
    }
    if stated is not None and stated.description:
        found["evaluation_description"] = stated.description
    return found | _bounds(name, score)


def _bounds(name: str, score: float) -> dict[str, Any]:
    """Return the bounds of a metric where they are known and the score keeps them."""
    found = range_of(name)
    if found is None or not found[0] <= score <= found[1]:
        return {}
    lowest, highest = ("Infinity" if abs(each) == float("inf") else each for each in found)
    return {"score_type": "continuous", "min_score": lowest, "max_score": highest}


def _score_details(row: Row, score: float) -> dict[str, Any]:
    details = {
        "score_origin": "reported" if row["mean"] is None else "outputs",
        "recomputed_mean": row["mean"],
        "reported_mean": row["reported_mean"],
        **{name: row[name] for name in ("min", "max", "reported_sum", "reported_min", "reported_max")},
        **{name: row[name] for name in _COUNTS},
        "reported_standard_error": row["reported_standard_error"],
        "recomputed_standard_error": row["source_formula_error"],
        "source_standard_error_method": row["standard_error_method"],
        **{name: row[name] for name in ("is_binary", "is_complete", "n_rejected", "unscored_reason")},
    }
    found: dict[str, Any] = {"score": score, "details": text_map(details)}
    if uncertainty := _uncertainty(row):
        found["uncertainty"] = uncertainty
    return found


def _uncertainty(row: Row) -> dict[str, Any]:
    """Return the object `uncertainty`; empty if nothing is known of it.

    The standard error is that of the confidence interval or, for a score that is only reported, the source's own.
    """
    found: dict[str, Any] = {}
    method = row["standard_error_method"]
    if row["standard_error"] is not None:
        formula = _FORMULAS.get(method, _FORMULAS[None])
        found["standard_error"] = {"value": row["standard_error"], "method": formula}
    elif row["mean"] is None and row["reported_standard_error"] is not None:
        found["standard_error"] = {"value": row["reported_standard_error"], "method": f"as reported: {method}"}
    if row["ci_low"] is not None:
        found["confidence_interval"] = {
            "lower": row["ci_low"],
            "upper": row["ci_high"],
            "confidence_level": 0.95,
            "method": row["ci_method"],
        }
    if row["mean"] is not None and row["n_scored"] is not None:
        found["num_samples"] = row["n_scored"]
        if row["m2"] is not None and row["n_scored"] > 1:
            found["standard_deviation"] = (row["m2"] / (row["n_scored"] - 1)) ** 0.5
    return found
