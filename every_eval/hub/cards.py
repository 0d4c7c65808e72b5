"""Dataset cards: what a repo's README.md says, from its tables' contracts and what is in it; no clock in it.

The YAML at its beginning is for the Hub's viewer and `datasets`: https://huggingface.co/docs/hub/datasets-manual-configuration
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from every_eval.contracts.table import Column, Table
from every_eval.hub.citations import citations, tags
from every_eval.hub.features import features, size_category

CARD = "README.md"


@dataclass(frozen=True)
class Config:
    """A part of a repo that `datasets` loads by its name."""

    name: str
    contract: Table
    patterns: Sequence[str]
    """Its files, as paths or globs from the repo's root."""


@dataclass(frozen=True)
class Section:
    """A table of a repo, as its card shows it."""

    contract: Table
    pattern: str
    """Its files, as a path or glob from the repo's root."""


@dataclass(frozen=True)
class Card:
    """What a card is made of."""

    title: str
    repo: str
    introduction: str
    configs: Sequence[Config]
    """The first is the default, and the one that is shown how to load."""
    sections: Sequence[Section]
    contents: str
    """What is in it, as Markdown."""
    n_rows: int
    """Rows of what the repo is about."""
    queries: str = ""
    """Further examples, as Markdown."""
    sources: Sequence[str] = ("helm",)
    """Names of the sources whose results are in it."""

    def render(self) -> bytes:
        """The card's bytes."""
        parts = [
            f"---\n{self._front_matter()}---\n\n# {self.title}\n\n{self.introduction}",
            f"## What is in it\n\n{self.contents}",
            f"## How to read it\n\n{self._examples()}",
            *([self.queries] if self.queries else []),
            "## Tables\n\n" + "\n\n".join(map(_documentation, self.sections)),
            "## Licence\n\nThe results belong to those who published them, and the questions to the datasets that they "
            "were taken from, each under its own licence.",
            f"## Citation\n\n{citations(self.sources)}",
        ]
        return ("\n\n".join(parts) + "\n").encode()

    def _front_matter(self) -> str:
        import yaml

        fields: dict[str, Any] = {
            "pretty_name": self.title,
            "license": "other",
            "license_name": "as-published",
            "license_link": f"https://huggingface.co/datasets/{self.repo}#licence",
            "size_categories": [size_category(self.n_rows)],
            "tags": ["evaluation", "leaderboard", *tags(self.sources)],
            "configs": [_data_files(config) for config in self.configs],
            "dataset_info": [
                {"config_name": config.name, "features": features(config.contract.schema)} for config in self.configs
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
    """Where readers of Parquet find a file of a repo on the Hugging Face Hub."""
    return f"hf://datasets/{repo}/{path}"


def _data_files(config: Config) -> dict[str, Any]:
    path = list(config.patterns) if len(config.patterns) > 1 else config.patterns[0]
    return {"config_name": config.name, "data_files": [{"split": "train", "path": path}]}


def _documentation(section: Section) -> str:
    """A table's meaning and its columns."""
    contract = section.contract
    lines = [f"### {contract.name}", contract.doc, f"Files: `{section.pattern}`."]
    if contract.key:
        lines.append("Key: " + ", ".join(f"`{name}`" for name in contract.key) + ".")
    rows = ["| column | type | meaning |", "|---|---|---|", *map(_column_row, contract.columns)]
    return "\n\n".join([*lines, "\n".join(rows)])


def _column_row(column: Column) -> str:
    return f"| `{column.name}` | {type_name(column.type)} | {column.meaning} |"


def type_name(kind: pa.DataType) -> str:
    """An Arrow type in few words."""
    return f"list of {type_name(kind.value_type)}" if pa.types.is_list(kind) else str(kind).partition("<")[0]


def count_bytes(sizes: Iterable[int]) -> str:
    """A sum of sizes, for people."""
    return f"{sum(sizes) / 1e6:,.1f} MB"


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as a table; undefined cells are left empty."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join("" if cell is None else str(cell) for cell in line) + " |" for line in lines)
