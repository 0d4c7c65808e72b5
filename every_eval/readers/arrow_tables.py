"""The published tables as tables of pyarrow."""

from collections.abc import Collection, Sequence
from functools import reduce
from operator import and_
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.readers.published import open_published
from every_eval.readers.published_tables import check_columns, describe_tables, table_named


def table(
    name: str,
    *,
    hub: str | Path | None = None,
    revision: str | None = None,
    columns: Sequence[str] | None = None,
    **filters: Any,  # noqa: ANN401 - values of any column
) -> pa.Table:
    """Return the rows of a published table that pass the filters.

    The metadata of each field holds the meaning of the column: `table("pairs").schema.field("difference").metadata`.
    A column that files of an older version lack is null.

        every_eval.table("leaderboard", benchmark="lite", columns=["rank", "model_name", "mean_win_rate"])
        every_eval.table("samples", model_name=["openai/gpt-4-0613", "01-ai/yi-34b"], perturbation=None)

    Args:
        name: Name of the table.
        hub: A folder, or `huggingface`. Default: the setting EVERY_EVAL_HUB, else `data/hub`.
        revision: Id of a commit of one of the repos; on the Hub also a branch or a tag. Default: the newest commits.
        columns: Columns to read. Default: all.
        filters: The value that a column must have. A list stands for any of its values, None for null.

    Raises:
        ConfigurationError: there is no such table, column or revision, nothing is published there, or the Hub rejects
            HF_TOKEN.
        HubUnavailable: the Hub does not answer.
    """
    contract = table_named(name)
    check_columns(contract, [*filters, *(columns or ())])
    published = open_published(hub, revision)
    published.check()
    conditions = [_condition(column, value) for column, value in filters.items()]
    return published.read(contract, columns, reduce(and_, conditions) if conditions else None)


table.__doc__ = f"{table.__doc__}\nThe tables are:\n\n{describe_tables()}\n"


def _condition(column: str, value: object) -> pc.Expression:
    """Return the condition that a column has the value, or one of the values."""
    field = pc.field(column)
    if value is None:
        return field.is_null()
    if isinstance(value, Collection) and not isinstance(value, str | bytes):
        return reduce(lambda either, each: either | _condition(column, each), value, pc.scalar(False))
    return field == value
