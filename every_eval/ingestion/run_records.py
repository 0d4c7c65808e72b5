"""Records of runs in the index of shards: what the published rows of each run are made from, and how many there are.

The catalog says which inputs a source has. It does not say which of them the published rows are made from: a run may
have changed, or have been withdrawn, before a job read it. The fingerprint of a shard follows from these records.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.rejects import REJECTS
from every_eval.contracts.stats import STATS
from every_eval.ingestion.shards import MadeFrom

RunKey = tuple[str, str]
"""Suite and name of a run."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run of a published shard, as the column `runs` of the contract `shards` holds it."""

    suite: str
    run: str
    inputs: str | None = None
    """Digest of the inputs that the rows are made from; null if the run was never read."""
    releases: tuple[str, ...] = ()
    """Releases that the rows name."""
    is_complete: bool = True
    """False if files or rows of the run are missing."""
    n_samples: int | None = None
    n_metrics: int | None = None
    n_stats: int | None = None
    n_reported: int | None = None
    """Number of statistics with a mean that the source reported."""
    n_item_scores: int | None = None
    n_judgements: int | None = None
    n_rejects: int | None = None
    n_disagreements: int | None = None
    """Number of reported numbers that differ from ours."""
    failure: str | None = None
    """Why the newest inputs could not be read, if that was a fault of every_eval."""
    failed_inputs: str | None = None
    """Digest of the inputs that could not be read."""
    failed_version: str | None = None
    """Version of every_eval that could not read the inputs."""

    @property
    def identity(self) -> RunKey:
        """Suite and name of the run."""
        return (self.suite, self.run)

    @property
    def made_from(self) -> MadeFrom:
        """What the rows are made from."""
        return MadeFrom(self.suite, self.run, self.inputs, self.releases)

    @property
    def n_rows(self) -> Mapping[str, int]:
        """Numbers that damage to the inputs makes smaller, by what they count; unknown numbers are left out."""
        counts = {
            "samples": self.n_samples,
            "metrics": self.n_metrics,
            "statistics": self.n_stats,
            "reported statistics": self.n_reported,
            "item scores": self.n_item_scores,
            "judgements": self.n_judgements,
        }
        return {name: count for name, count in counts.items() if count is not None}

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Self:
        """Return the record from a value of the column `runs`."""
        return cls(**{**row, "releases": tuple(row["releases"])})

    def row(self) -> dict[str, Any]:
        """Return the record as a value of the column `runs`."""
        return asdict(self) | {"releases": list(self.releases)}


@dataclass
class RunCounts:
    """Counts the rows of one run, which come in pieces."""

    n_rows: Counter[str] = field(default_factory=Counter)
    """Number of rows by table, and of reported means."""
    is_complete: bool = True
    n_disagreements: int = 0

    def add(self, table: str, rows: pa.Table) -> None:
        """Count rows of a table of the given name."""
        self.n_rows[table] += rows.num_rows
        if table == STATS.name and rows.num_rows:
            self.n_rows["reported"] += len(rows) - rows["reported_mean"].null_count
            self.is_complete &= bool(pc.all(rows["is_complete"]).as_py())

    def columns(self) -> dict[str, Any]:
        """Return the counts as fields of a record. A run of which nothing could be read is not complete."""
        is_unread = not self.n_rows[STATS.name] and self.n_rows[REJECTS.name] > 0
        names = ("samples", "metrics", "stats", "reported", "item_scores", "judgements", "rejects")
        return {
            **{f"n_{name}": self.n_rows[name] for name in names},
            "is_complete": self.is_complete and not is_unread,
            "n_disagreements": self.n_disagreements,
        }


def records_of_files(stats: pa.Table, rejects: pa.Table) -> Sequence[RunRecord]:
    """Return what can be known of a shard's runs from its statistics and rejects alone."""
    return [
        RunRecord(suite, run, is_complete=is_complete, n_stats=n_stats, n_rejects=n_rejects)
        for suite, run, is_complete, n_stats, n_rejects in _counted(stats, rejects)
    ]


def _counted(stats: pa.Table, rejects: pa.Table) -> Iterator[tuple[str, str, bool, int, int]]:
    of_rejects = Counter(zip(rejects["suite"].to_pylist(), rejects["run"].to_pylist(), strict=True))
    complete: dict[RunKey, list[bool]] = {key: [] for key in of_rejects}
    for suite, run, value in zip(*(stats[name].to_pylist() for name in ("suite", "run", "is_complete")), strict=True):
        complete.setdefault((suite, run), []).append(value)
    for key in sorted(complete):
        yield *key, bool(complete[key]) and all(complete[key]), len(complete[key]), of_rejects[key]
