"""A directive for Sphinx that describes the published tables from their contracts.

```{contracts} scores
```

describes every table of the scores repo, and `data` every table of the data repo: a section for each table, with what a
row is, the key, and a list of the columns.
"""

from collections.abc import Iterator

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from every_eval.contracts.table import Column, Table
from every_eval.readers.published_tables import DATA_TABLES, SCORES_TABLES

REPOS = {"data": DATA_TABLES, "scores": SCORES_TABLES}
HEADER = ("column", "type", "meaning")
WIDTHS = (22, 14, 64)


class Contracts(Directive):
    """Describes the tables of one repo."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        return [_section(table) for table in REPOS[self.arguments[0]]]


def _section(table: Table) -> nodes.section:
    section = nodes.section(ids=[f"table-{table.name}"], names=[table.name])
    section += nodes.title(text=table.name)
    section += nodes.paragraph(text=table.doc)
    if table.key:
        section += nodes.paragraph(text=f"Key: {', '.join(table.key)}.")
    section += _grid([HEADER, *_rows(table.columns)])
    return section


def _rows(columns: tuple[Column, ...]) -> Iterator[tuple[str, str, str]]:
    for column in columns:
        yield column.name, str(column.type), column.meaning


def _grid(rows: list[tuple[str, str, str]]) -> nodes.table:
    group = nodes.tgroup(cols=len(WIDTHS))
    group += [nodes.colspec(colwidth=width) for width in WIDTHS]
    header, body = nodes.thead(), nodes.tbody()
    header += _row(rows[0])
    body += [_row(row) for row in rows[1:]]
    group += [header, body]
    table = nodes.table(classes=["colwidths-given"])
    table += group
    return table


def _row(texts: tuple[str, str, str]) -> nodes.row:
    row = nodes.row()
    row += [nodes.entry("", nodes.paragraph(text=text)) for text in texts]
    return row


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive to Sphinx."""
    app.add_directive("contracts", Contracts)
    return {"parallel_read_safe": True}
