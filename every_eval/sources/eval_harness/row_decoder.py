"""Decode the rows of a samples file, which name the columns of their metrics themselves.

Rows of one file nearly always name the same metrics, so that they are decoded into a type with these columns. Any row
that does not have the type, or names other metrics, is decoded column by column.
"""

import re
from collections.abc import Callable, Iterable, Sequence
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


class RowDecoder:
    """Decoder of the rows of one file."""

    def __init__(self) -> None:
        """Know no metric yet."""
        self._metrics: list[str] = []
        self._columns: Callable[[WrittenRow], tuple[Any, ...]] = lambda _: ()
        self._decoder: msgspec.json.Decoder[WrittenRow] | None = None
        self._n_types = 0

    def decode(self, record: Record, file: str) -> tuple[WrittenRow, Values] | Reject:
        """Decode a row of `file` and the values of its metrics, each metric once."""
        raw = record.raw
        if isinstance(raw, Reject):
            return raw
        if self._decoder is not None:
            try:
                row = self._decoder.decode(raw)
            except UNREADABLE:
                pass
            else:
                if row.metrics == self._metrics and row.filter:
                    return row, zip(self._metrics, self._columns(row), strict=True)
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
        self._metrics, self._decoder = metrics, None
        is_plain = len(set(metrics)) == len(metrics) and not ROW_COLUMNS & set(metrics)
        if not metrics or not is_plain or any(_ESCAPED.search(name) for name in metrics):
            return
        names = [f"metric_{position}" for position in range(len(metrics))]
        kind = msgspec.defstruct(
            "Row",
            [(name, Any, msgspec.UNSET) for name in names],
            bases=(WrittenRow,),
            rename=dict(zip(names, metrics, strict=True)),
        )
        self._columns = _tuple_of(names)
        self._decoder = msgspec.json.Decoder(kind)


def _tuple_of(names: Sequence[str]) -> Callable[[WrittenRow], tuple[Any, ...]]:
    """Return a function that takes the attributes `names` of a row."""
    get: Callable[[WrittenRow], Any] = attrgetter(*names)
    return get if len(names) > 1 else lambda row: (get(row),)
