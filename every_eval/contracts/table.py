"""Declare a published table: its columns with their types, units, nullability and meaning.

Each table is declared once, in a module of this package. The Parquet schema, the validation before a commit, the
columns that Dagster shows and the dataset card are derived from the declaration.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.file_layout import ORDINARY, FileLayout
from every_eval.errors import ContractViolation
from every_eval.statistics.composite_keys import compose


@dataclass(frozen=True)
class Column:
    """One column of a published table."""

    name: str
    type: pa.DataType
    doc: str
    null_when: str | None = None
    """Case in which the value is null, as a phrase after "Null when"; without the phrase, the column is never null."""
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    repeats: bool = False
    """True if there are few different values, so that dictionary encoding saves space."""
    before: Any = None
    """Value of a column that is never null in files from before the column was added; without such a value, the files
    are refused."""
    is_split_by_byte: bool = False
    """True if the first bytes of all values are stored before the second bytes, and so on (Parquet's
    BYTE_STREAM_SPLIT): numbers whose last bits are 0 take less space."""

    @property
    def meaning(self) -> str:
        """The documentation, with the unit and the case in which the value is null."""
        unit = f" Unit: {self.unit}." if self.unit else ""
        null = f" Null when {self.null_when}." if self.null_when else ""
        return f"{self.doc}{unit}{null}"

    @property
    def field(self) -> pa.Field:
        """Arrow field of the column, with the documentation in its metadata."""
        notes = {"description": self.doc, "unit": self.unit, "null_when": self.null_when}
        metadata = {key: text for key, text in notes.items() if text is not None}
        return pa.field(self.name, self.type, nullable=self.null_when is not None, metadata=metadata)

    def problems(self, values: pa.ChunkedArray) -> Iterable[str]:
        """Describe how `values`, which have the column's type, break the declaration."""
        if self.null_when is None and values.null_count:
            yield f"{self.name}: {values.null_count} nulls, none allowed"
        if pa.types.is_floating(self.type):
            finite = pc.all(pc.is_finite(values)).as_py()
            if finite is False:
                yield f"{self.name}: NaN or infinite"
        if self.minimum is not None and (smallest := pc.min(values).as_py()) is not None and smallest < self.minimum:
            yield f"{self.name}: {smallest} is below {self.minimum}"
        if self.maximum is not None and (largest := pc.max(values).as_py()) is not None and largest > self.maximum:
            yield f"{self.name}: {largest} is above {self.maximum}"


@dataclass(frozen=True)
class Table:
    """A published table. Its name is also the key of its asset and, except for `samples`, its folder in the repo."""

    name: str
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """Columns whose values together are unique in the table; empty if rows may be equal."""
    rows_per_group: int = 65_536
    """Largest number of rows in a Parquet row group."""
    layout: FileLayout = ORDINARY
    """How the rows are stored in a Parquet file."""

    @cached_property
    def schema(self) -> pa.Schema:
        """Arrow schema of the table, with its documentation."""
        return pa.schema([column.field for column in self.columns], metadata={"table": self.name, "doc": self.doc})

    @cached_property
    def empty(self) -> pa.Table:
        """The table without rows."""
        return self.schema.empty_table()

    def decode(self, table: pa.Table) -> pa.Table:
        """Return the rows with the contract's own types: dictionary-encoded columns become plain."""
        return table if table.schema.equals(self.schema) else table.cast(self.schema)

    def validate(self, table: pa.Table) -> None:
        """Check that rows keep the contract. Columns may be dictionary-encoded.

        Raises:
            ContractViolation: The rows break the contract; the message names every breach.
        """
        if not pa.schema(map(_decoded, table.schema)).equals(self.schema):
            raise ContractViolation(f"{self.name}: schema differs from its contract:\n{table.schema}")
        problems = [text for column in self.columns for text in column.problems(table[column.name])]
        if self.key and (n_doubled := table.num_rows - self._count_keys(table)):
            problems.append(f"{n_doubled} rows repeat a key of ({', '.join(self.key)})")
        if problems:
            raise ContractViolation(f"{self.name}: " + "; ".join(problems))

    def _count_keys(self, table: pa.Table) -> int:
        """Count the different keys in the rows, each key as one number: half the time of Arrow's `group_by`."""
        encoded = [_encode(table[name]) for name in self.key if not _is_constant(table[name])]
        varying = [(codes, n_codes) for codes, n_codes in encoded if n_codes > 1]
        if not varying:
            return min(int(table.num_rows), 1)
        keys = np.sort(compose(*zip(*varying, strict=True)))
        n_changes = int(np.count_nonzero(keys[1:] != keys[:-1]))
        return n_changes + min(len(keys), 1)


def _decoded(field: pa.Field) -> pa.Field:
    return field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field


def _is_constant(column: pa.ChunkedArray) -> bool:
    """Tell whether all values are equal, if it is cheap to find out."""
    if column.null_count in (0, len(column)) and pa.types.is_dictionary(column.type) and column.num_chunks == 1:
        return column.null_count > 0 or len(column.chunk(0).dictionary) == 1
    return bool(column.null_count == len(column))


def _encode(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], int]:
    """Return a number from 0 for each value, null included, and an upper bound of these numbers."""
    values = column.unify_dictionaries().combine_chunks()
    if pa.types.is_integer(values.type) and len(values) and not values.null_count:
        numbers = values.to_numpy().astype(np.int64)
        lowest, highest = int(numbers.min()), int(numbers.max())
        if highest - lowest < 1 << 31:
            return numbers - lowest, highest - lowest + 1
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    n_values, codes = len(encoded.dictionary), encoded.indices.cast(pa.int64())
    if not codes.null_count:
        return codes.to_numpy(), n_values
    return codes.fill_null(n_values).to_numpy(), n_values + 1
