"""Read HELM's published group tables (`groups/{group}.json`) as a flat list of cells."""

import json
import math
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import msgspec
import pyarrow as pa

from every_eval.errors import UpstreamMalformed
from every_eval.sources.distinct import to_list


class PublishedCell(NamedTuple):
    """A cell, with the fields of the contract `PUBLISHED_CELL` in their order."""

    group: str
    table_index: int
    table_name: str | None
    table_title: str
    row_index: int
    column_index: int
    row_label: str | None
    column: str
    column_title: str | None
    lower_is_better: bool | None
    metric: str | None
    run_group: str | None
    perturbation: str | None
    value: float | None
    text: str | None
    run_spec_names: tuple[str, ...] | None
    contamination_level: str | None


def cells_of(array: pa.StructArray) -> tuple[PublishedCell, ...]:
    """Return cells from an array of the contract `PUBLISHED_CELL`; equal texts are one object, to save memory."""
    columns = dict(zip((field.name for field in array.type), map(_values, array.flatten()), strict=True))
    return tuple(map(PublishedCell._make, zip(*(columns[name] for name in PublishedCell._fields), strict=True)))


def _values(column: pa.Array) -> list[Any]:
    coded = column.dictionary_encode() if pa.types.is_string(column.type) else column
    values = to_list(pa.chunked_array([coded]))
    return [value and tuple(value) for value in values] if pa.types.is_list(column.type) else values


class _Cell(msgspec.Struct):
    value: float | str | None = None
    href: str | None = None
    run_spec_names: tuple[str, ...] | None = None
    contamination_level: str | None = None


class _Header(msgspec.Struct):
    value: str
    description: str | None = None
    lower_is_better: bool | None = None
    metadata: dict[str, str] = {}


class _Table(msgspec.Struct):
    title: str
    header: list[_Header]
    rows: list[list[_Cell]]
    name: str | None = None


def parse_group(group: str, raw: bytes) -> list[PublishedCell]:
    """Return the cells of a group's file, table by table and row by row, labels included.

    NaN and infinities, which JSON lacks but old files hold, become null.

    Raises:
        UpstreamMalformed: The content is not JSON or not tables; the message names the file and the place.
    """
    try:
        tables = msgspec.convert(json.loads(raw, parse_constant=lambda _: None), list[_Table])
        return [cell for index, table in enumerate(tables) for cell in _cells(group, index, table)]
    except ValueError as error:
        raise UpstreamMalformed(f"groups/{group}.json: {error}") from error


def _cells(group: str, table_index: int, table: _Table) -> Iterator[PublishedCell]:
    titles = [_column_title(header.description) for header in table.header]
    for row_index, row in enumerate(table.rows):
        if len(row) != len(table.header):
            raise ValueError(
                f"table {table_index}, row {row_index}: {len(row)} cells under {len(table.header)} headers"
            )
        label = _text(row[0].value) if row else None
        for column_index, (header, title, cell) in enumerate(zip(table.header, titles, row, strict=True)):
            yield PublishedCell(
                group=group,
                table_index=table_index,
                table_name=table.name,
                table_title=table.title,
                row_index=row_index,
                column_index=column_index,
                row_label=label,
                column=header.value,
                column_title=title,
                lower_is_better=header.lower_is_better,
                metric=header.metadata.get("metric"),
                run_group=header.metadata.get("run_group"),
                perturbation=header.metadata.get("perturbation"),
                value=_number(cell.value),
                text=_text(cell.value),
                run_spec_names=_run_spec_names(cell),
                contamination_level=cell.contamination_level,
            )


def _column_title(description: str | None) -> str | None:
    """Return the metric's full name, which stands before the colon in the last paragraph of a description."""
    return description.split("\n\n")[-1].partition(": ")[0] if description else None


def _number(value: float | str | None) -> float | None:
    return value if isinstance(value, float) and math.isfinite(value) else None


def _text(value: float | str | None) -> str | None:
    return value if isinstance(value, str) else None


def _run_spec_names(cell: _Cell) -> tuple[str, ...] | None:
    """Return the runs behind a cell; before HELM 0.5.0 only the link of a row's label names them."""
    if cell.run_spec_names is not None or cell.href is None:
        return cell.run_spec_names
    linked = parse_qs(cell.href.removeprefix("?")).get("runSpecs")
    return tuple(json.loads(linked[0])) if linked else None
