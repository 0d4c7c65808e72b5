"""Dataset cards: the README.md of a repo, made from the contracts of its tables and from what the repo holds.

A card holds no time, so that it does not change while the repo does not. The YAML at its beginning is for the Hub's
viewer and for `datasets`: https://huggingface.co/docs/hub/datasets-manual-configuration
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from every_eval.contracts.table import Column, Table
from every_eval.hub.citations import Citation, citations_text, tags
from every_eval.hub.features import features, size_category
from every_eval.hub.markdown import escaped

CARD = "README.md"


@dataclass(frozen=True)
class Config:
    """A part of a repo that `datasets` loads by name."""

    name: str
    contract: Table
    patterns: Sequence[str]
    """Paths or glob patterns of the files, from the repo's root."""


@dataclass(frozen=True)
class Section:
    """A table of a repo that its card describes."""

    contract: Table
    pattern: str
    """Path or glob pattern of the files, from the repo's root."""


@dataclass(frozen=True)
class Card:
    """What a dataset card says."""

    title: str
    repo: str
    introduction: str
    configs: Sequence[Config]
    """Configs that `datasets` can load. The first one is the default, and the example in the card."""
    sections: Sequence[Section]
    contents: str
    """Summary of what the repo holds, as Markdown."""
    n_rows: int
    """Number of rows of the repo's main table."""
    queries: str = ""
    """Example queries, as Markdown."""
    citations: Sequence[Citation] = ()
    """Citations of the programs whose results the repo holds."""

    def render(self) -> bytes:
        """Return the card as the bytes of README.md."""
        parts = [
            f"---\n{self._front_matter()}---\n\n# {self.title}\n\n{self.introduction}",
            f"## Contents\n\n{self.contents}",
            f"## How to read the data\n\n{self._examples()}",
            *([self.queries] if self.queries else []),
            "## Tables\n\n" + "\n\n".join(map(_documentation, self.sections)),
            "## Licence\n\nThe results belong to the people who published them. The questions belong to the datasets "
            "from which they were taken. Each dataset has its own licence.",
            f"## Citation\n\n{citations_text(self.citations)}",
        ]
        return ("\n\n".join(parts) + "\n").encode()

    def _front_matter(self) -> str:
        import yaml

        # One list for each table, however many configs have its columns: YAML writes a repeated list once, with an
        # anchor (&id001), and refers to it (*id001) from the other configs.
        columns = {config.contract.name: features(config.contract.schema) for config in self.configs}
        fields: dict[str, Any] = {
            "pretty_name": self.title,
            "license": "other",
            "license_name": "as-published",
            "license_link": f"https://huggingface.co/datasets/{self.repo}#licence",
            "size_categories": [size_category(self.n_rows)],
            "tags": ["evaluation", "leaderboard", *tags(self.citations)],
            "configs": [_data_files(config) for config in self.configs],
            "dataset_info": [
                {"config_name": config.name, "features": columns[config.contract.name]} for config in self.configs
            ],
        }
        fields["configs"][0]["default"] = True
        text: str = yaml.safe_dump(fields, sort_keys=False, width=120)
        return text

    def _examples(self) -> str:
        config = self.configs[0]
        address = address_of(self.repo, config.patterns[0])
        folder = address.removesuffix("/*.parquet")
        return (
            "```python\nfrom datasets import load_dataset\n\n"
            f'rows = load_dataset("{self.repo}", "{config.name}", split="train")\n'
            f'stream = load_dataset("{self.repo}", "{config.name}", split="train", streaming=True)\n```\n\n'
            f'```python\nimport pandas as pd\n\nframe = pd.read_parquet("{folder}")\n```\n\n'
            f'```python\nimport polars as pl\n\nframe = pl.scan_parquet("{address}").head(10).collect()\n```\n\n'
            f"```sql\n-- DuckDB\nSELECT * FROM '{address}' LIMIT 10;\n```"
        )


def address_of(repo: str, path: str) -> str:
    """Return the address of a file of a repo on the Hugging Face Hub, as programs that read Parquet write it."""
    return f"hf://datasets/{repo}/{path}"


def _data_files(config: Config) -> dict[str, Any]:
    path = list(config.patterns) if len(config.patterns) > 1 else config.patterns[0]
    return {"config_name": config.name, "data_files": [{"split": "train", "path": path}]}


def _documentation(section: Section) -> str:
    """Return the description of a table and of its columns."""
    contract = section.contract
    lines = [f"### {contract.name}", contract.doc, f"Files: `{section.pattern}`."]
    if contract.key:
        lines.append("Key: " + ", ".join(f"`{name}`" for name in contract.key) + ".")
    rows = ["| column | type | meaning |", "|---|---|---|", *map(_column_row, contract.columns)]
    return "\n\n".join([*lines, "\n".join(rows)])


def _column_row(column: Column) -> str:
    return f"| `{column.name}` | {type_name(column.type)} | {column.meaning} |"


def type_name(kind: pa.DataType) -> str:
    """Return an Arrow type in few words, for example `list of double`."""
    return f"list of {type_name(kind.value_type)}" if pa.types.is_list(kind) else str(kind).partition("<")[0]


def count_bytes(sizes: Iterable[int]) -> str:
    """Return the sum of sizes (in bytes) in megabytes, for people."""
    return f"{sum(sizes) / 1e6:,.1f} MB"


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows as a Markdown table; a null is an empty cell, and a long text is cut."""
    cells = [["" if cell is None else escaped(str(cell)) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, ["---"] * len(header), *cells))
