"""The boundary of scoring: a benchmark, a release or a run that cannot be scored is left out, and costs no other.

`boundary` is the one place in scoring that catches every error. Errors of the machine and of the Hub pass through it.
What is left out is recorded in the table `checks`, and stays recorded until it can be scored.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.repo_layout import folder_name
from every_eval.errors import EveryEvalError, TransientError
from every_eval.network.unexpected import MAX_SUMMARY, describe, is_of_machine, program_version, summary
from every_eval.scoring.change_detection import BenchmarkState
from every_eval.scoring.checks.check import Check
from every_eval.scoring.checks.check_table import LEFT_OUT, LEFT_OUT_TABLES, check_table
from every_eval.sources.statistics_files import RunKey

MAX_ATTEMPTS: Final = 64
"""Largest number of attempts to find the runs that cannot be scored; a benchmark that needs more is left out."""


@dataclass(frozen=True)
class Problem:
    """Why something cannot be scored."""

    text: str
    """One line for the table `checks`, the same on every machine."""
    trace: str
    """The same for the log, with the trace of an error that nobody foresaw."""

    @classmethod
    def of(cls, subject: str, error: Exception) -> "Problem":
        """Describe an error; `subject` names what cannot be scored."""
        if isinstance(error, EveryEvalError):
            return cls(f"{subject}: {error}"[:MAX_SUMMARY], f"{subject}: {error}")
        return cls(f"{subject}: {summary(error)}", describe(subject, error))


@contextmanager
def boundary(subject: str, note: Callable[[Problem], object]) -> Iterator[None]:
    """Pass an error of the body to `note` instead of raising it, unless it is an error of the machine or of the Hub."""
    try:
        yield
    except TransientError:
        raise
    except Exception as error:
        if is_of_machine(error):
            raise
        note(Problem.of(subject, error))


@dataclass
class Omissions:
    """What is left out of one benchmark's scores, and why."""

    folder: str
    whole: Problem | None = None
    """Why nothing of the benchmark is scored: its published rows stay as they are."""
    runs: dict[RunKey, Problem] = field(default_factory=dict)
    releases: dict[str, Problem] = field(default_factory=dict)
    """Releases without the source's own tables."""
    tables: dict[str, Problem] = field(default_factory=dict)
    """Tables, or parts of tables, that the scored release lacks although it is scored, by a phrase that names them."""

    @property
    def problems(self) -> Sequence[Problem]:
        """All problems; those of single runs do not count if nothing of the benchmark is scored."""
        if self.whole is not None:
            return [self.whole]
        return [*self.runs.values(), *self.releases.values(), *self.tables.values()]

    def add(self, whole: Problem, runs: Mapping[RunKey, Problem]) -> None:
        """Leave out the runs that fail; if there are none, or runs are left out already, leave out the benchmark."""
        if runs and not self.runs:
            self.runs.update(runs)
        else:
            self.whole = whole

    def table(self, source: str, benchmark: str, release: str | None, n_runs: int, inputs: str) -> pa.Table:
        """Return what is left out as rows of the contract `checks`; a row without problems if nothing is.

        Args:
            source: Name of the source.
            benchmark: Name of the benchmark.
            release: The release that is scored; null if no release is.
            n_runs: Number of the release's runs.
            inputs: Digest of what could not be scored.
        """
        marks = {"inputs": inputs, "program_version": program_version()}
        problems = list(self.runs.values()) if self.whole is None else self.problems
        check = _check(LEFT_OUT, n_runs, problems)
        tables = [check_table(source, benchmark, release, [check], marks if problems else None)]
        for name, problems in self._lacking(release).items() if self.whole is None else ():
            check = _check(LEFT_OUT_TABLES, len(problems), problems)
            tables.append(check_table(source, benchmark, name, [check], marks if name == release else None))
        return pa.concat_tables(tables)

    def _lacking(self, release: str | None) -> Mapping[str, Sequence[Problem]]:
        """Return why tables are missing, by release; `release` is the scored one."""
        found = {name: [problem] for name, problem in self.releases.items()}
        if release is not None and self.tables:
            found[release] = [*found.get(release, ()), *self.tables.values()]
        return found


def _check(name: str, n_compared: int, problems: Sequence[Problem]) -> Check:
    return Check.from_problems(name, n_compared, (problem.text for problem in problems), is_blocking=False)


def inputs_digest(benchmark: BenchmarkState) -> str:
    """Return a digest of what a benchmark's scores are made from."""
    return hashlib.sha256(canonical_json(sorted(benchmark.paths)).encode()).hexdigest()[:16]


def left_out_inputs(source: str, checks: pa.Table) -> Mapping[str, Set[tuple[str, str]]]:
    """Return digests of what was left out, each with the version that failed, by the folder of the benchmark."""
    found: dict[str, set[tuple[str, str]]] = {}
    for row in checks.filter(pc.field("inputs").is_valid()).to_pylist():
        folder = folder_name(source, row["benchmark"])
        found.setdefault(folder, set()).add((row["inputs"], row["program_version"]))
    return found


def faulty_runs(runs: Sequence[RunKey], attempt: Callable[[Set[RunKey]], Problem | None]) -> dict[RunKey, Problem]:
    """Return the runs that cannot be scored even alone; none if they are too many, or if no run fails alone.

    The runs are halved until those that fail are alone. `attempt` returns why some runs cannot be scored together;
    null if they can.
    """
    found: dict[RunKey, Problem] = {}
    waiting = [list(runs)]
    for _ in range(MAX_ATTEMPTS):
        if not waiting:
            return found
        some = waiting.pop()
        problem = attempt(frozenset(some))
        if problem is not None and len(some) == 1:
            found[some[0]] = problem
        elif problem is not None:
            middle = len(some) // 2
            waiting += [some[middle:], some[:middle]]
    return {}
