"""Exports for tests, and the validator of every_eval_ever."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from every_eval.export.eee.export import Exported, Options, export
from every_eval.export.published_runs import Selection
from every_eval.readers.published import Published

PROJECT = Path(__file__).parents[3]
VALIDATOR = PROJECT / ".venv-eee" / "bin" / "every_eval_ever"
"""Program of every-eval-ever 0.3.0, which `.ci/validator` installs."""

ALL = Selection()


@dataclass(frozen=True)
class Records:
    """A folder with records."""

    out: Path
    exported: Exported

    @classmethod
    def export(cls, published: Published, out: Path, selection: Selection = ALL, **options: Any) -> "Records":
        return cls(out, export(published, selection, Options(out, **options)))

    def aggregates(self) -> dict[Path, dict[str, Any]]:
        return {path: json.loads((self.out / path).read_bytes()) for path in self._paths(".json")}

    def rows(self, record: Path) -> list[dict[str, Any]]:
        """Return the rows of a record, split as the validator splits them."""
        file = self.out / record.with_name(f"{record.stem}_samples.jsonl")
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def all_rows(self) -> Iterator[dict[str, Any]]:
        for path in self._paths(".json"):
            yield from self.rows(path)

    def contents(self) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in sorted(self.out.rglob("*")) if path.is_file()}

    def _paths(self, suffix: str) -> list[Path]:
        return [path for path in self.exported.files if path.suffix == suffix]
