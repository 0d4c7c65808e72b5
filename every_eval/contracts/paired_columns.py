"""Columns of a paired comparison: two values of the same items, and whether chance explains the difference."""

import pyarrow as pa

from every_eval.contracts.table import Column

BONETT_PRICE = "bonett_price"
"""Method of an interval: that of Bonett and Price."""
BOOTSTRAP = "bootstrap"
"""Method of an interval: percentiles of paired replicates."""
UNPAIRED = "no instance has both values"


def probability(name: str, doc: str, undefined: str) -> Column:
    """Return a column of p-values or of values that are adjusted for several comparisons."""
    return Column(name, pa.float64(), doc, undefined, minimum=0, maximum=1)


def interval(unpaired: str) -> tuple[Column, ...]:
    """Return the columns of the confidence interval and of the test; `unpaired` says when there is no comparison."""
    unknown = f"{unpaired}, or only one instance has both values and the values are not all 0 or 1"
    return (
        Column(
            "ci_low", pa.float64(), "Lower end of the 95 % confidence interval of difference, for one row.", unknown
        ),
        Column("ci_high", pa.float64(), "Upper end of the 95 % confidence interval of difference.", unknown),
        Column(
            "ci_method",
            pa.string(),
            f"Method of the confidence interval: {BONETT_PRICE}, for values that are all 0 or 1, or {BOOTSTRAP}, "
            "percentiles of paired replicates.",
            unknown,
            repeats=True,
        ),
        probability(
            "p_value",
            "Probability of a difference at least as large if both values of each instance could be swapped: McNemar's "
            "exact test for values that are all 0 or 1, else a test over random signs.",
            unpaired,
        ),
        probability(
            "p_holm",
            "p_value adjusted by Holm's method for all rows of the benchmark: if rows with at most 0.05 are called "
            "different, none of them is a false alarm with probability 0.95.",
            unpaired,
        ),
        probability(
            "q_bh",
            "p_value adjusted by Benjamini and Hochberg's method for all rows of the benchmark: of the rows with at "
            "most 0.05, about 5 % are false alarms.",
            unpaired,
        ),
    )
