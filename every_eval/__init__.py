"""Public LLM evaluation results as Parquet datasets and a leaderboard that anyone can check.

`every_eval.connect()` returns a DuckDB connection with a view for each published table, and `every_eval.table(name)`
the rows of a table. Both need neither Dagster nor a token.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from every_eval.readers.arrow_tables import table
    from every_eval.readers.duckdb_views import connect

__all__ = ["connect", "table"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as Python has it
    """Import a reader when somebody asks for it, so that the jobs do not wait for what they do not use."""
    if name == "connect":
        from every_eval.readers.duckdb_views import connect

        return connect
    if name == "table":
        from every_eval.readers.arrow_tables import table

        return table
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
