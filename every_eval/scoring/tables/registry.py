"""Read evaleval's registry of names: https://github.com/evaleval/eval-card-registry.

The registry is the Parquet file of aliases in the dataset evaleval/entity-registry-data of the Hugging Face Hub, with
the columns raw_value, entity_type, canonical_id, source_config, status, strategy and confidence. It is looked up
exactly: none of its strategies that guess from similar names is used.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from every_eval.contracts.identities import MODEL, SCENARIO
from every_eval.errors import ConfigurationError

ENTITY_TYPES: Final = {MODEL: "model", SCENARIO: "benchmark"}
"""The registry's own words for what a name is of."""
NEEDED: Final = ("raw_value", "entity_type", "canonical_id")
OPTIONAL: Final = ("source_config", "status", "strategy", "confidence")
_REJECTED: Final = "rejected"

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Registry:
    """Entries by kind and name. A name that stands for several things has none."""

    entries: Mapping[tuple[str, str], Entry]

    def entry(self, kind: str, name: str) -> Entry | None:
        """Return the entry of a name; null if there is none."""
        return self.entries.get((ENTITY_TYPES[kind], name))


def read_registry(place: Path | None) -> Registry:
    """Read the registry from its Parquet file of aliases, or from a folder with it; null stands for an empty registry.

    Raises:
        ConfigurationError: There is no such file, or it is not the registry's.
    """
    if place is None:
        return Registry({})
    files = [place] if place.is_file() else sorted([*place.glob("aliases.parquet"), *place.glob("aliases/*.parquet")])
    if not files:
        raise ConfigurationError(
            f"EVERY_EVAL_REGISTRY={str(place)!r} is no file, and no folder with aliases.parquet. Download the dataset "
            "evaleval/entity-registry-data, or remove the setting."
        )
    rows = [row for file in files for row in _rows(file)]
    found: dict[tuple[str, str], Entry] = {}
    ambiguous = set()
    for row in rows:
        key = (row["entity_type"], row["raw_value"])
        if key in found and found[key]["canonical_id"] != row["canonical_id"]:
            ambiguous.add(key)
        found.setdefault(key, row)
    return Registry({key: row for key, row in found.items() if key not in ambiguous})


def _rows(file: Path) -> list[dict[str, Any]]:
    """Return the entries of a file that hold for every source and were not rejected."""
    try:
        names = pq.read_schema(file).names
        missing = [name for name in NEEDED if name not in names]
        if missing:
            raise ConfigurationError(
                f"EVERY_EVAL_REGISTRY: {file} has no column {missing[0]}, so it is not the registry's file of aliases."
            )
        rows = pq.read_table(file, columns=[name for name in (*NEEDED, *OPTIONAL) if name in names]).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise ConfigurationError(f"EVERY_EVAL_REGISTRY: {file} cannot be read as Parquet: {error}") from error
    return [
        row
        for row in rows
        if row.get("source_config") is None
        and row.get("status") != _REJECTED
        and all(isinstance(row[name], str) for name in NEEDED)
    ]
