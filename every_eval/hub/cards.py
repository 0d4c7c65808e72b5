"""Dataset cards: what a repo's README.md says, from its tables' contracts and a listing; no clock in it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from every_eval.contracts.table import Column, Table

CARD = "README.md"

HELM_CITATION = """```bibtex
@article{liang2023holistic,
  title   = {Holistic Evaluation of Language Models},
  author  = {Percy Liang and Rishi Bommasani and Tony Lee and others},
  journal = {Transactions on Machine Learning Research},
  year    = {2023},
  url     = {https://openreview.net/forum?id=iO4LZibEqW}
}
```"""


@dataclass(frozen=True)
class Section:
    """A table of a repo, as its card shows it."""

    contract: Table
    pattern: str
    """Its files, as a glob from the repo's root."""


@dataclass(frozen=True)
class Card:
    """What a card is made of."""

    title: str
    introduction: str
    configs: Mapping[str, str]
    """Names that `datasets` loads, each with the glob of its files; the first is the default."""
    sections: Sequence[Section]
    contents: str
    """What is in it, as Markdown."""
    repo: str

    def render(self) -> bytes:
        """The card's bytes."""
        parts = [
            f"---\n{self._front_matter()}---\n\n# {self.title}\n\n{self.introduction}",
            f"## What is in it\n\n{self.contents}",
            f"## How to read it\n\n{self._examples()}",
            "## Tables\n\n" + "\n\n".join(_documentation(section) for section in self.sections),
            f"## Citation\n\nHELM, whose results these are:\n\n{HELM_CITATION}",
        ]
        return ("\n\n".join(parts) + "\n").encode()

    def _front_matter(self) -> str:
        import yaml

        configs: list[dict[str, Any]] = [
            {"config_name": name, "data_files": [{"split": "train", "path": pattern}]}
            for name, pattern in self.configs.items()
        ]
        configs[0]["default"] = True
        fields: dict[str, Any] = {
            "pretty_name": self.title,
            "license": "other",
            "language": ["en"],
            "tags": ["evaluation", "leaderboard", "helm"],
            "configs": configs,
        }
        text: str = yaml.safe_dump(fields, sort_keys=False)
        return text

    def _examples(self) -> str:
        name, pattern = next(iter(self.configs.items()))
        address = f"hf://datasets/{self.repo}/{pattern}"
        return (
            "```python\nfrom datasets import load_dataset\n\n"
            f'load_dataset("{self.repo}", "{name}", split="train")\n```\n\n'
            f'```python\nimport polars as pl\n\npl.scan_parquet("{address}")\n```\n\n'
            f"```sql\n-- DuckDB\nSELECT * FROM '{address}' LIMIT 10;\n```"
        )


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
