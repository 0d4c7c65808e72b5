"""Columns that tables of paired comparisons share: the interval, and p-values adjusted over a whole table."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from every_eval.contracts.paired_columns import BONETT_PRICE, BOOTSTRAP
from every_eval.contracts.table import Table
from every_eval.statistics.before_and_after import Changes
from every_eval.statistics.nulls import known, to_array
from every_eval.statistics.p_values import benjamini_hochberg, holm

Row = dict[str, Any]


def paired_columns(compared: Changes, at: int) -> Row:
    """Return the columns of one comparison whose names all tables share."""
    numbers = {"difference": compared.difference, "ci_low": compared.low, "ci_high": compared.high}
    row: Row = {name: known(values[at]) for name, values in (numbers | {"p_value": compared.p_value}).items()}
    method = BONETT_PRICE if compared.is_binary[at] else BOOTSTRAP
    return row | {"n": int(compared.n[at]), "ci_method": None if row["ci_low"] is None else method}


def adjusted(table: Table, rows: Sequence[Row]) -> pa.Table:
    """Return the rows as a table, with their p-values adjusted: all rows are one family."""
    return pa.Table.from_pylist(with_adjusted_p(rows), schema=table.schema)


def with_adjusted_p(rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Return the rows with `p_holm` and `q_bh`: all rows are one family."""
    p = to_array([row["p_value"] for row in rows])
    adjustments = zip(rows, holm(p).tolist(), benjamini_hochberg(p).tolist(), strict=True)
    return [{**row, "p_holm": known(by_holm), "q_bh": known(by_bh)} for row, by_holm, by_bh in adjustments]


def uncompared() -> Row:
    """Return the columns of a comparison that was not made."""
    return dict.fromkeys(("difference", "ci_low", "ci_high", "ci_method", "p_value"))
