"""Asset metadata: the columns, row count, size, location and preview of a table, as the Dagster UI shows them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from every_eval.contracts.table import Table
from every_eval.hub.markdown import escaped
from every_eval.network.redaction import redact

PREVIEW_CHARACTERS = 60
"""Characters of a long text that a preview shows."""


def column_schema(contract: Table, lineage: dg.TableColumnLineage | None = None) -> dg.TableSchema:
    """Return a contract's columns with their types, meanings and units, and what each column is made from."""
    origins = lineage.deps_by_column if lineage else {}
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                str(column.type),
                description=column.meaning + _origins(origins.get(column.name, ())),
                constraints=dg.TableColumnConstraints(nullable=column.null_when is not None),
            )
            for column in contract.columns
        ],
        constraints=dg.TableConstraints(other=[f"key: {', '.join(contract.key)}"] if contract.key else []),
    )


def _origins(origins: Sequence[dg.TableColumnDep]) -> str:
    names = [f"{origin.asset_key.to_user_string()}.{origin.column_name}" for origin in origins]
    return f" Made from {', '.join(names)}." if names else ""


def table_metadata(*, n_rows: int, n_bytes: int, location: str, preview: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the metadata of a table's published files; `n_rows` counts the rows of all partitions."""
    return {
        "dagster/row_count": n_rows,
        "bytes": n_bytes,
        "location": link(location),
        "preview": dg.MetadataValue.md(markdown(preview)),
    }


def link(location: str) -> dg.MetadataValue[Any]:
    """Return a location as a link to follow, or as a path to copy."""
    location = redact(location)
    is_on_the_web = location.startswith(("http://", "https://"))
    return dg.MetadataValue.url(location) if is_on_the_web else dg.MetadataValue.path(location)


def markdown(rows: Iterable[Mapping[str, Any]]) -> str:
    """Render rows as a Markdown table, with long texts cut."""
    import pandas as pd

    frame = pd.DataFrame([{name: _short(value) for name, value in row.items()} for row in rows])
    return "no rows" if frame.empty else str(frame.to_markdown(index=False, disable_numparse=True))


def _short(value: Any) -> str:  # noqa: ANN401 - a cell of any type
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else escaped(str(value), PREVIEW_CHARACTERS)
