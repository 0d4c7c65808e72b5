"""Tell whether a samples file has all rows of an evaluation, by what the results file says of them.

The hash of a task is the SHA-256 digest of the hashes of its rows, one after the other
(`lm_eval/loggers/evaluation_tracker.py`), so that it decides. Without it, the number of documents decides. If the hash
fits and documents are fewer than lm-eval counted, some documents were chosen: with the option --samples, lm-eval 0.4.9
to 0.4.11 count the documents of the whole task.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from every_eval.contracts.canonical import canonical_json

_MOST_HASHES: Final = 3000


@dataclass(frozen=True)
class TaskCompleteness:
    """What is known of the rows of a task or group."""

    n_rejected: int = 0
    """Number of files and rows that could not be read."""
    reason: str | None = None
    """Reason why the rows are not all rows of the evaluation; null if nothing says that rows are missing."""
    chosen: tuple[int, ...] = ()
    """Documents that were chosen, sorted; empty if the whole task was evaluated."""
    is_contradicted: bool = False
    """True if every row could be read, and the results file says that they are not the rows of its scores."""

    @property
    def is_complete(self) -> bool:
        """True if nothing is known to be missing."""
        return self.reason is None and not self.n_rejected

    @property
    def choice(self) -> str:
        """Number of the chosen documents and a digest of them; empty if the whole task was evaluated."""
        if not self.chosen:
            return ""
        digest = hashlib.sha256(canonical_json(list(self.chosen)).encode()).hexdigest()[:8]
        return f"{len(self.chosen)}-{digest}"

    @classmethod
    def of_group(cls, members: Mapping[str, Self]) -> Self:
        """Return what is known of the rows of a group from what is known of those of its tasks."""
        reasons = (f"{name}: {member.reason}" for name, member in members.items() if member.reason)
        chosen = tuple(document for member in members.values() for document in member.chosen)
        return cls(sum(member.n_rejected for member in members.values()), next(reasons, None), chosen)


@dataclass
class RowCount:
    """Count of the rows of a samples file, beside what the results file says."""

    stated_hash: str | None
    """Hash of the task in the results file; null if the file states none."""
    stated_size: int | None
    """Number of documents in the results file; null if the file states none."""
    n_rejected: int = 0
    """Number of rows that could not be read."""

    def __post_init__(self) -> None:
        """Start with no row."""
        self._hash = hashlib.sha256()
        self._hashes: list[str] = []  # A few thousand at once are added in a tenth of the time.
        self._has_hashes = True
        self._documents: dict[int, int] = {}

    def add(self, document: int, hashes: tuple[str, ...]) -> None:
        """Count a row with the hashes of its document, prompt and target."""
        self._documents[document] = self._documents.get(document, 0) + 1
        self._has_hashes = self._has_hashes and all(hashes)
        self._hashes += hashes
        if len(self._hashes) >= _MOST_HASHES:
            self._update()

    def _update(self) -> None:
        self._hash.update("".join(self._hashes).encode())
        self._hashes.clear()

    def mismatch(self) -> str | None:
        """Return what tells that rows are missing although all that the file has could be read; null if nothing."""
        if self.n_rejected:
            return None
        if not self._documents:
            return "the file has no rows"
        if self._is_hash_known:
            if self._fits:
                return None
            return f"the rows do not give the task's hash in the results file: some are missing or changed{self._sizes}"
        if self.stated_size not in (None, len(self._documents)):
            return f"rows are missing or of another run{self._sizes}"
        if len(set(self._documents.values())) > 1:
            return "some documents have fewer rows than others"
        return None

    def chosen(self) -> tuple[int, ...]:
        """Return the documents if the rows are all rows of a choice of documents; else nothing."""
        is_part = self.stated_size is not None and len(self._documents) < self.stated_size
        is_whole = self._is_hash_known and self._fits and not self.n_rejected
        return tuple(sorted(self._documents)) if is_part and is_whole else ()

    @property
    def _is_hash_known(self) -> bool:
        return self.stated_hash is not None and self._has_hashes

    @property
    def _fits(self) -> bool:
        self._update()
        return self._hash.hexdigest() == self.stated_hash

    @property
    def _sizes(self) -> str:
        if self.stated_size in (None, len(self._documents)):
            return ""
        return f"; lm-eval counted {self.stated_size} documents, and the file has rows of {len(self._documents)}"
