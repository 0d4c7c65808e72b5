"""How the rows of a table are stored in its Parquet files: compression, pages, and what the footer holds."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class FileLayout:
    """Layout of a table's files; the rows are the same in every layout."""

    compression_level: int = 3
    """Level of Zstandard; a higher level takes more time to write and about the same time to read."""
    page_rows: int = 20_000
    """Largest number of rows in a page. Zstandard finds no repetition beyond a page."""
    page_bytes: int = 1 << 20
    """Size at which a page ends, in bytes before compression."""
    is_chunked_by_content: bool = True
    """Whether pages end where the content says so, so that the Hub stores only the pages that changed."""
    is_described: bool = True
    """Whether the footer holds the documentation, statistics and an index of the pages."""


ORDINARY: Final = FileLayout()
"""Layout for tables of long rows, and for tables that are queried without reading them as a whole."""
COMPACT: Final = FileLayout(19, page_rows=1 << 20, page_bytes=1 << 24, is_chunked_by_content=False, is_described=False)
"""Layout for tables of a few bytes a row that are read as a whole, whose footer would be as large as the rows."""
