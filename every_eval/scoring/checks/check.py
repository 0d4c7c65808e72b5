"""The result of a check of the scores."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import pyarrow as pa

from every_eval.statistics.groups import BoolArray

MAX_NAMED: Final = 20
"""Number of problems that a check names; it counts all of them."""


@dataclass(frozen=True)
class Check:
    """What one check found."""

    name: str
    n_checked: int
    """Number of things checked: rows, runs or benchmarks."""
    n_problems: int
    problems: tuple[str, ...]
    """The first problems, each with its place."""
    is_blocking: bool = True
    """Whether a problem stops publication; if not, the problem is only reported."""

    @classmethod
    def from_problems(cls, name: str, n_checked: int, problems: Iterable[str], *, is_blocking: bool = True) -> "Check":
        """Return a check from a text for each problem."""
        found = tuple(problems)
        return cls(name, n_checked, len(found), found[:MAX_NAMED], is_blocking)

    @classmethod
    def from_rows(cls, name: str, rows: pa.Table, is_wrong: BoolArray, *, is_blocking: bool = True) -> "Check":
        """Return a check of rows, whose columns tell the place and the problem."""
        wrong = rows.filter(pa.array(is_wrong))
        problems = (
            ", ".join(f"{column}={value}" for column, value in row.items() if value is not None)
            for row in wrong.slice(0, MAX_NAMED).to_pylist()
        )
        return cls(name, rows.num_rows, wrong.num_rows, tuple(problems), is_blocking)

    @property
    def passed(self) -> bool:
        """Whether there is no problem."""
        return not self.n_problems

    @property
    def details(self) -> Mapping[str, Any]:
        """Counts and the first problems, for people."""
        return {"checked": self.n_checked, "problems": self.n_problems, "first_problems": list(self.problems)}

    def merge(self, other: "Check") -> "Check":
        """Return one check over what both checked."""
        return replace(
            self,
            n_checked=self.n_checked + other.n_checked,
            n_problems=self.n_problems + other.n_problems,
            problems=(self.problems + other.problems)[:MAX_NAMED],
            is_blocking=self.is_blocking or other.is_blocking,
        )


def merge_checks(checks: Iterable[Check]) -> list[Check]:
    """Return one check for each name, in the order in which the names first appear."""
    merged: dict[str, Check] = {}
    for check in checks:
        merged[check.name] = merged[check.name].merge(check) if check.name in merged else check
    return list(merged.values())
