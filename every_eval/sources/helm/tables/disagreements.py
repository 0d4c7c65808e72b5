"""Find the cells of HELM's group tables in which HELM's value and ours differ."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.sources.distinct import distinct

TOLERANCE = 1e-9
"""Largest relative difference of two equal values."""


def disagreements(tables: pa.Table) -> pa.Table:
    """Return the rows of a table by the contract `helm_tables` whose two values differ by more than `TOLERANCE`.

    Null equals null alone. A cell that HELM did not publish differs if it has a value and HELM published other cells of
    the release's group. A cell that could not be identified never differs.
    """
    ours, theirs = tables["value"], tables["published_value"]
    larger = pc.max_element_wise(pc.abs(ours), pc.abs(theirs))
    differ = pc.greater(pc.abs(pc.subtract(ours, theirs)), pc.multiply(larger, TOLERANCE))
    one_is_null = pc.xor(pc.is_null(ours), pc.is_null(theirs))
    both_speak = pc.and_(tables["is_recomputed"], _is_group_published(tables))
    return tables.filter(pc.and_(both_speak, pc.or_(one_is_null, pc.fill_null(differ, False))))


def _is_group_published(tables: pa.Table) -> pa.Array:
    position, groups = distinct(tables, ["benchmark", "release", "group"])
    n_published = np.bincount(position, tables["is_published"].to_numpy(), len(groups))
    return pa.array(n_published[position] > 0)
