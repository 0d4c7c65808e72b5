"""Identifiers and paths of exported files: the same run has the same ones in every export.

The rules for paths are those of every_eval_ever 0.3.0 (helpers/io.py and validator/validation_core.py): a path is
`data/{collection}/{developer}/{model}/{uuid}.json`, developer and model follow from the model's id, and every part is a
portable file name.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from uuid import UUID

from every_eval.contracts.canonical import canonical_decoded, canonical_json

NO_DEVELOPER: Final = "not_stated"
"""Developer of a model whose name has no creator; the schema needs a developer, and refuses `unknown`."""
_UNSAFE: Final = re.compile(r'[<>"\\|?*\x00-\x1f]')
_RESERVED: Final = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))}
_REFUSED: Final = {"", ".", "..", "data", "unknown"}


@dataclass(frozen=True)
class RunIdentity:
    """What identifies a run."""

    source: str
    benchmark: str
    suite: str
    run: str

    @property
    def evaluation_id(self) -> str:
        """Identifier of the run; it holds no time, so that an export of the same run never makes another record."""
        return f"{self.source}/{self.benchmark}/{self.suite}/{self.run}"

    @property
    def uuid(self) -> str:
        """Name of the run's files: SHA-256 of the identity, with the bits of a random UUID (version 4, RFC 9562)."""
        digest = sha256(canonical_json([self.source, self.benchmark, self.suite, self.run]).encode()).digest()
        return str(UUID(bytes=digest[:16], version=4))

    def result_ids(self, statistics: Sequence[tuple[str | None, ...]]) -> list[str]:
        """Return the identifiers of statistics of the run, each a SHA-256.

        It is of the run's identifier, metric, split, sub-split, perturbation and computed_on, as canonical JSON.
        """
        texts = canonical_decoded([[self.evaluation_id, *statistic] for statistic in statistics])
        return [sha256(text.encode()).hexdigest() for text in texts]


def model_id(name: str) -> str:
    """Return the id of a model: its name, with `_` for what the name of a file or folder cannot have."""
    return "/".join(_portable(part) for part in name.split("/") if part) or _portable("")


def model_folder(model: str, developer: str) -> str:
    """Return the folder of a model, `{developer}/{model}`: by its id or, if the id has one part, by the developer."""
    parts = model.split("/")
    first, *names = parts if len(parts) > 1 else (developer, *parts)
    return "/".join(_portable(part.replace(":", "_").replace("/", "_")) for part in (first, "_".join(names)))


def _portable(part: str) -> str:
    safe = _UNSAFE.sub("_", part).rstrip(". ")
    is_refused = safe.lower() in _REFUSED or safe.split(".", 1)[0].upper() in _RESERVED
    return f"_{safe}" if is_refused else safe
