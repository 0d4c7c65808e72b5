"""Decode the rows of a samples file, which name the columns of their metrics themselves.

Rows of one file nearly always name the same metrics, so that they are decoded into a type with these columns. Any row
that does not have the type, or names other metrics, is decoded column by column.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, Final

import msgspec

from every_eval.contracts.rejects import Reason
from every_eval.sources.decoding import UNREADABLE, decode_object
from every_eval.sources.eval_harness.sample_records import Record
from every_eval.sources.eval_harness.sample_rows import ROW_COLUMNS, WrittenRow, complete
from every_eval.sources.source import Reject

Values = Iterable[tuple[str, Any]]
"""Names of a row's metrics and their values as written; `UNSET` if the row has no such column."""

_MOST_TYPES: Final = 20
"""Largest number of types that are made: rows of a file that name ever other metrics are decoded column by column."""


_ESCAPED: Final = re.compile(r'[\\"\x00-\x1f]')
"""Characters that JSON escapes; msgspec has no fields with such names."""


class _RowType:
    """Type of rows that name the same metrics."""

    def __init__(self, metrics: Sequence[str]) -> None:
        """Make the type of rows that name `metrics`, at least one and each once."""
        names = [f"metric_{position}" for position in range(len(metrics))]
        kind = msgspec.defstruct(
            "Row",
            [(name, Any, msgspec.UNSET) for name in names],
            bases=(WrittenRow,),
            rename=dict(zip(names, metrics, strict=True)),
        )
        self._metrics = metrics
        self._columns = _tuple_of(names)
        self.of_row: msgspec.json.Decoder[WrittenRow] = msgspec.json.Decoder(kind)
        """Decoder of a row."""
        self.of_list: msgspec.json.Decoder[list[WrittenRow]] = msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]
        """Decoder of a list of rows."""

    def values(self, row: WrittenRow) -> Values | None:
        """Return the values of a row's metrics; null if the row names other metrics, or no filter."""
        if row.metrics != self._metrics or not row.filter:
            return None
        return zip(self._metrics, self._columns(row), strict=True)


class RowDecoder:
    """Decoder of the rows of one file."""

    def __init__(self) -> None:
        """Know no metric yet."""
        self._metrics: list[str] = []
        self._type: _RowType | None = None
        self._n_types = 0

    def decode(self, records: Sequence[Record], file: str) -> Iterator[tuple[WrittenRow, Values] | Reject]:
        """Decode rows of `file` and the values of their metrics, each metric once."""
        kind, rows = self._type, self._decode_together([record.raw for record in records])
        if kind is None or rows is None:
            yield from (self._decode_one(record, file) for record in records)
            return
        for record, row in zip(records, rows, strict=True):
            values = kind.values(row)
            yield self._decode_one(record, file) if values is None else (row, values)

    def _decode_together(self, raws: Sequence[bytes | msgspec.Raw | Reject]) -> Sequence[WrittenRow] | None:
        """Decode all rows at once, as most rows of a file can be; null if one of them does not have the type."""
        if self._type is None or any(isinstance(raw, Reject) for raw in raws):
            return None
        try:
            rows = self._type.of_list.decode(b"[" + b",".join(raws) + b"]")  # type: ignore[arg-type]
        except UNREADABLE:
            return None
        return rows if len(rows) == len(raws) else None

    def _decode_one(self, record: Record, file: str) -> tuple[WrittenRow, Values] | Reject:
        raw = record.raw
        if isinstance(raw, Reject):
            return raw
        if self._type is not None:
            try:
                row = self._type.of_row.decode(raw)
            except UNREADABLE:
                pass
            else:
                if (values := self._type.values(row)) is not None:
                    return row, values
        return self._decode_columns(bytes(raw), file, record.place)

    def _decode_columns(self, raw: bytes, file: str, place: str) -> tuple[WrittenRow, Values] | Reject:
        columns = decode_object(raw, dict[str, Any], file, place)
        if isinstance(columns, Reject):
            return columns
        try:
            row = msgspec.convert(complete(columns), WrittenRow)
        except msgspec.ValidationError as error:
            detail, _, where = str(error).partition(" - at `$")
            return Reject(Reason.UNEXPECTED_SHAPE, detail, file, place + where.removesuffix("`"))
        if row.metrics != self._metrics and self._n_types < _MOST_TYPES:
            self._expect(row.metrics)
        return row, [(name, columns.get(name, msgspec.UNSET)) for name in dict.fromkeys(row.metrics)]

    def _expect(self, metrics: list[str]) -> None:
        """Make the type of rows that name `metrics`."""
        self._n_types += 1
        self._metrics, self._type = metrics, None
        is_plain = len(set(metrics)) == len(metrics) and not ROW_COLUMNS & set(metrics)
        if metrics and is_plain and not any(_ESCAPED.search(name) for name in metrics):
            self._type = _RowType(metrics)


def _tuple_of(names: Sequence[str]) -> Callable[[WrittenRow], tuple[Any, ...]]:
    """Return a function that takes the attributes `names` of a row."""
    get: Callable[[WrittenRow], Any] = attrgetter(*names)
    return get if len(names) > 1 else lambda row: (get(row),)
