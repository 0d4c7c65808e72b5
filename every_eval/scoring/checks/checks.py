"""What a check of the scores found, as data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import pyarrow as pa

from every_eval.statistics.groups import BoolArray

NAMED: Final = 20
"""Problems that a check names; the rest is counted."""


@dataclass(frozen=True)
class Check:
    """What one check found."""

    name: str
    n_checked: int
    n_problems: int
    problems: tuple[str, ...]
    """The first of them, each with its place."""
    is_blocking: bool = True
    """Whether a problem forbids publication, or is only told."""

    @classmethod
    def of(cls, name: str, n_checked: int, problems: Iterable[str], *, is_blocking: bool = True) -> "Check":
        """A check whose problems are told one by one."""
        found = tuple(problems)
        return cls(name, n_checked, len(found), found[:NAMED], is_blocking)

    @classmethod
    def of_rows(cls, name: str, rows: pa.Table, is_wrong: BoolArray, *, is_blocking: bool = True) -> "Check":
        """A check of each of the rows, whose columns say where and what is wrong."""
        wrong = rows.filter(pa.array(is_wrong))
        problems = (
            ", ".join(f"{column}={value}" for column, value in row.items() if value is not None)
            for row in wrong.slice(0, NAMED).to_pylist()
        )
        return cls(name, rows.num_rows, wrong.num_rows, tuple(problems), is_blocking)

    @property
    def passed(self) -> bool:
        """Whether there is no problem."""
        return not self.n_problems

    @property
    def details(self) -> Mapping[str, Any]:
        """What a reader is shown."""
        return {"checked": self.n_checked, "problems": self.n_problems, "first_problems": list(self.problems)}

    def merge(self, other: "Check") -> "Check":
        """One check over both."""
        return replace(
            self,
            n_checked=self.n_checked + other.n_checked,
            n_problems=self.n_problems + other.n_problems,
            problems=(self.problems + other.problems)[:NAMED],
            is_blocking=self.is_blocking or other.is_blocking,
        )


def merge(checks: Iterable[Check]) -> list[Check]:
    """One check of each name, in the order in which the names come."""
    merged: dict[str, Check] = {}
    for check in checks:
        merged[check.name] = merged[check.name].merge(check) if check.name in merged else check
    return list(merged.values())
