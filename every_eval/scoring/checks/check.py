"""The result of a check of the scores."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa

from every_eval.errors import ContractViolation
from every_eval.statistics.groups import BoolArray

MAX_NAMED: Final = 20
"""Number of problems that a check names; it counts all of them."""
MAX_TOLD: Final = 5
"""Number of problems of each check that an error tells."""


@dataclass(frozen=True)
class Check:
    """What one check found."""

    name: str
    n_compared: int
    """Number of things that were really compared: rows, runs, models or cells. Without any, the check says nothing."""
    n_problems: int
    problems: tuple[str, ...]
    """The first problems, each with its place."""
    is_blocking: bool = True
    """Whether a problem stops publication; if not, the problem is only reported."""

    @classmethod
    def from_problems(cls, name: str, n_compared: int, problems: Iterable[str], *, is_blocking: bool = True) -> "Check":
        """Return a check from a text for each problem."""
        found = tuple(problems)
        return cls(name, n_compared, len(found), found[:MAX_NAMED], is_blocking)

    @classmethod
    def from_rows(
        cls,
        name: str,
        rows: pa.Table,
        is_wrong: BoolArray,
        is_compared: BoolArray | None = None,
        *,
        is_blocking: bool = True,
    ) -> "Check":
        """Return a check of rows, whose columns tell the place and the problem.

        Args:
            name: Name of the check.
            rows: The rows.
            is_wrong: Whether each row is wrong.
            is_compared: Whether each row has what the check compares; null if all rows have.
            is_blocking: Whether a problem stops publication.
        """
        wrong = rows.filter(pa.array(is_wrong))
        n_compared = rows.num_rows if is_compared is None else int(np.count_nonzero(is_compared))
        return cls(name, n_compared, wrong.num_rows, tuple(describe_rows(wrong.slice(0, MAX_NAMED))), is_blocking)

    @property
    def passed(self) -> bool:
        """Whether there is no problem."""
        return not self.n_problems

    @property
    def is_empty(self) -> bool:
        """Whether nothing was compared, so that the absence of problems means nothing."""
        return not self.n_compared

    @property
    def details(self) -> Mapping[str, Any]:
        """What people see of the check: how much it compared, how many problems it found, and the first of them."""
        return {"compared": self.n_compared, "problems": self.n_problems, "first_problems": list(self.problems)}

    def merge(self, other: "Check") -> "Check":
        """Return one check over what both checked."""
        return replace(
            self,
            n_compared=self.n_compared + other.n_compared,
            n_problems=self.n_problems + other.n_problems,
            problems=(self.problems + other.problems)[:MAX_NAMED],
            is_blocking=self.is_blocking or other.is_blocking,
        )


def describe_rows(rows: pa.Table) -> Iterator[str]:
    """Yield each row as a text with the values that are not null."""
    for row in rows.to_pylist():
        yield ", ".join(f"{column}={value}" for column, value in row.items() if value is not None)


def merge_checks(checks: Iterable[Check]) -> list[Check]:
    """Return one check for each name, in the order in which the names first appear."""
    merged: dict[str, Check] = {}
    for check in checks:
        merged[check.name] = merged[check.name].merge(check) if check.name in merged else check
    return list(merged.values())


def raise_for(checks: Iterable[Check]) -> None:
    """Refuse scores that fail a blocking check.

    Raises:
        ContractViolation: a blocking check found problems; the message has the first of them.
    """
    broken = [check for check in checks if check.is_blocking and not check.passed]
    if broken:
        found = "; ".join(f"{check.name}: {', '.join(check.problems[:MAX_TOLD])}" for check in broken)
        raise ContractViolation(f"the scores fail the checks {found}")
