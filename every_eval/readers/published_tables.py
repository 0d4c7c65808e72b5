"""The published tables by name: which repo has a table, and what the table's contract says of it."""

from collections.abc import Iterable
from typing import Final

from every_eval.contracts.catalog import CATALOG
from every_eval.contracts.checks import CHECKS
from every_eval.contracts.helm_tables import HELM_TABLES
from every_eval.contracts.index_files import INDEX_FILES
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.repo_layout import SHARD_TABLES
from every_eval.contracts.scores_tables import SPANNING_TABLES, TABLES_OF_SOURCE
from every_eval.contracts.shards import SHARDS
from every_eval.contracts.state import STATE
from every_eval.contracts.table import Table
from every_eval.errors import ConfigurationError
from every_eval.settings import nearest

SCORES_TABLES: Final = (*TABLES_OF_SOURCE, *SPANNING_TABLES, CHECKS, HELM_TABLES, STATE)
"""Tables of the scores repo."""
DATA_TABLES: Final = (*SHARD_TABLES, CATALOG, RELEASES, SHARDS, INDEX_FILES)
"""Tables of the data repo."""
TABLES: Final = {table.name: table for table in (*SCORES_TABLES, *DATA_TABLES)}
"""Every published table, by name."""


def table_named(name: str) -> Table:
    """Return the contract of a published table.

    Raises:
        ConfigurationError: no table has the name.
    """
    if name not in TABLES:
        raise ConfigurationError(f"No published table is called {name!r}. {_choice(name, TABLES)}")
    return TABLES[name]


def check_columns(table: Table, names: Iterable[str]) -> None:
    """Raise `ConfigurationError` if the table lacks one of the columns."""
    known = table.schema.names
    for name in names:
        if name not in known:
            raise ConfigurationError(f"{table.name} has no column {name!r}. {_choice(name, known)}")


def describe_tables() -> str:
    """Return the name and the meaning of each table, a paragraph for each."""
    return "\n\n".join(f"{table.name}: {table.doc}" for table in TABLES.values())


def _choice(name: str, names: Iterable[str]) -> str:
    meant = nearest(name, names)
    return f"Did you mean {meant}?" if meant else f"There are: {', '.join(names)}."
