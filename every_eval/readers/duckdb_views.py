"""The published tables as views of DuckDB."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import fsspec
import pyarrow.parquet as pq

from every_eval.contracts.table import Table
from every_eval.readers.published import Published, open_published
from every_eval.readers.published_tables import TABLES, describe_tables

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_CONTRACTS: Final = "memory://every_eval/contracts"
_SETTINGS: Final = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
"""DuckDB must not download its own extension for `hf://`, which needs other settings than the Hub's client."""


def connect(hub: str | Path | None = None, revision: str | None = None) -> "DuckDBPyConnection":
    """Return a new connection of DuckDB, in memory, with a view for each published table.

    The views read the files of one commit of each repo: later commits change nothing. Of files on the Hub, a query
    fetches the parts that it needs, and needs no token if the repos are public. To learn what a table and its columns
    mean, read their comments:

        connection.sql("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal")
        connection.sql("SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'leaderboard'")

    Args:
        hub: A folder, or `huggingface`. Default: the setting EVERY_EVAL_HUB, else `data/hub`.
        revision: Id of a commit of one of the repos; the other is read as it was at that time. On the Hub also a branch
            or a tag. Default: the newest commits.

    Raises:
        ImportError: DuckDB is not installed.
        ConfigurationError: nothing is published there, the revision does not exist, or the Hub rejects HF_TOKEN.
        HubUnavailable: the Hub does not answer.
    """
    try:
        import duckdb
    except ImportError as error:
        raise ImportError("DuckDB is not installed: pip install 'every_eval[query]'") from error
    published = open_published(hub, revision)
    published.check()
    connection = duckdb.connect(config=dict(_SETTINGS))
    connection.register_filesystem(fsspec.filesystem("memory"))
    if published.place.prefix:
        connection.register_filesystem(published.place.filesystem)
    for table in TABLES.values():
        _create_view(connection, table, published)
    return connection


connect.__doc__ = f"{connect.__doc__}\nThe views are:\n\n{describe_tables()}\n"


def _create_view(connection: "DuckDBPyConnection", table: Table, published: Published) -> None:
    """Create the view of a table; without files, the view has no rows.

    The first file is the contract's own, without rows, and the columns are stated. So DuckDB opens no other file before
    a query, and a column that an older file lacks is null.
    """
    place, repo = published.place, published.repo_of(table)
    contract = _write_contract(table)
    addresses = [place.prefix + address for address in published.addresses(table)]
    files = ", ".join(_quoted(address) for address in [contract, *addresses])
    view = f'"{table.name}"'
    columns = _columns(connection, contract)
    statements = [f"CREATE VIEW {view} AS SELECT * FROM read_parquet([{files}], schema = {columns})"]
    origin = f"{len(addresses)} files of {repo.repo}" + (f" at commit {repo.commit}" if repo.commit else "")
    statements.append(f"COMMENT ON VIEW {view} IS {_quoted(f'{table.doc} Read from {origin}.')}")
    statements += [f'COMMENT ON COLUMN {view}."{column.name}" IS {_quoted(column.meaning)}' for column in table.columns]
    connection.execute("; ".join(statements))


def _columns(connection: "DuckDBPyConnection", contract: str) -> str:
    """Return the argument `schema` of DuckDB's `read_parquet`: the name, the type and the default of each column."""
    described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({_quoted(contract)})").fetchall()
    columns = (
        f"{_quoted(name)}: {{name: {_quoted(name)}, type: {_quoted(kind)}, default_value: NULL}}"
        for name, kind, *_ in described
    )
    return f"MAP {{{', '.join(columns)}}}"


def _write_contract(table: Table) -> str:
    """Write a file without rows that has the columns of the table, and return its address in memory."""
    address = f"{_CONTRACTS}/{table.name}.parquet"
    with fsspec.filesystem("memory").open(address, "wb") as file:
        pq.write_table(table.empty, file)
    return address


def _quoted(text: str) -> str:
    """Return a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
