"""The leaderboard as CSV, for spreadsheets: the rows and columns of the Parquet file, in the same order."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.canonical import canonical_json

_FORMULA: Final = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=\s*[=+\-@＝＋－＠])")  # noqa: RUF001 - spreadsheets take both widths
"""Places where a spreadsheet would begin to read a formula: where a text begins, and after characters that separate
cells in some countries' settings (https://owasp.org/www-community/attacks/CSV_Injection)."""


def leaderboard_csv(board: pa.Table) -> bytes:
    """Return rows as CSV, in UTF-8 with the byte order mark by which Excel recognises UTF-8.

    A text that a spreadsheet would run as a formula gets an apostrophe in front. Null is an empty cell. The same rows
    give the same bytes.
    """
    text = io.StringIO()
    csv.writer(text).writerows([board.column_names, *zip(*map(_cells, board.columns), strict=True)])
    return text.getvalue().encode("utf-8-sig")


def _cells(values: pa.ChunkedArray) -> Iterator[str]:
    """Yield the text of each cell of a column."""
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if pa.types.is_timestamp(kind):
        values = pc.strftime(values.cast(pa.timestamp("s", "UTC")), "%Y-%m-%d %H:%M:%S")  # spreadsheets read this
    is_text = pa.types.is_string(kind)
    for value in values.to_pylist():
        yield _guarded(value) if is_text and value is not None else _plain(value)


def _guarded(text: str) -> str:
    return _FORMULA.sub("'", text)


def _plain(value: object) -> str:
    if value is None:
        return ""
    return _guarded(canonical_json(value)) if isinstance(value, list | dict) else str(value)
