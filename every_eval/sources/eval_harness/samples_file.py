"""Read a samples file line by line into rows with values, and rejects."""

import hashlib
import math
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from every_eval.contracts.rejects import Reason
from every_eval.sources.decoding import decode_object
from every_eval.sources.eval_harness.aggregations import aggregation_of
from every_eval.sources.eval_harness.results import as_float, is_count
from every_eval.sources.eval_harness.sample_rows import MetricValue, ScoredRow, WrittenRow
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.source import Reject

_NOT_FINITE: Final = frozenset({"NaN", "Infinity", "-Infinity"})
"""Texts by which the decoder replaces the numbers that Python writes and JSON does not have."""


class SamplesFileReader:
    """Reader of one samples file, which collects rejects."""

    def __init__(self, task: Task, name: str) -> None:
        """Read the samples file `name` of `task`."""
        self._task = task
        self._file = name
        self._rejects: list[Reject] = []
        self._filters = {name: position for position, name in enumerate(task.filters())}
        self._hash = hashlib.sha256()

    def take_rejects(self) -> tuple[Reject, ...]:
        """Return the rejects since the last call."""
        rejects = tuple(self._rejects)
        self._rejects.clear()
        return rejects

    def rows(self, file: Iterable[bytes]) -> Iterator[ScoredRow]:
        """Read the rows of a file's lines, in order. If a document and filter has two rows, the second is a reject."""
        known: set[tuple[int, int]] = set()
        n_lines = 0
        for number, line in enumerate(file):
            if not line.strip():
                continue
            n_lines += 1
            row = self._row(line, f"$[{number}]")
            if row is None:
                continue
            key = (row.sample.doc_id, row.occurrence)
            if key in known:
                self._reject(Reason.DOUBLED_INSTANCE, f"document {key[0]}, filter {row.sample.filter}", f"$[{number}]")
                continue
            known.add(key)
            self._hash.update(f"{row.sample.doc_hash}{row.sample.prompt_hash}{row.sample.target_hash}".encode())
            yield row
        if len(known) == n_lines:
            self._check_hash()

    def _row(self, line: bytes, place: str) -> ScoredRow | None:
        decoded = decode_object(line, dict[str, Any], self._file, place)
        if isinstance(decoded, Reject):
            self._rejects.append(decoded)
            return None
        try:
            sample = msgspec.convert(decoded, WrittenRow)
        except msgspec.ValidationError as error:
            detail, _, where = str(error).partition(" - at `$")
            self._reject(Reason.UNEXPECTED_SHAPE, detail, place + where.removesuffix("`"))
            return None
        occurrence = self._filters.setdefault(sample.filter, len(self._filters))
        values = tuple(self._value(sample, name, decoded, f"{place}.{name}") for name in dict.fromkeys(sample.metrics))
        return ScoredRow(sample, occurrence, values)

    def _value(self, sample: WrittenRow, metric: str, columns: dict[str, Any], place: str) -> MetricValue:
        name = f"{metric},{sample.filter}"
        value = columns.get(metric)
        if metric not in columns:
            self._reject(Reason.UNEXPECTED_SHAPE, f"the row has no column {metric!r}, which it names", place)
        elif self._is_weighted(metric):
            return self._pair(name, value, place)
        elif isinstance(value, int | float) or (isinstance(value, str) and value in _NOT_FINITE):
            return MetricValue(name, 1, self._finite(value, place))
        elif value is not None and not isinstance(value, list):
            self._reject(Reason.UNEXPECTED_SHAPE, f"{metric} is neither a number, a list nor null: {value!r}", place)
        return MetricValue(name, 0, None)

    def _is_weighted(self, metric: str) -> bool:
        aggregation = aggregation_of(self._task.config, metric).aggregation
        return aggregation is not None and aggregation.is_weighted

    def _pair(self, name: str, value: Any, place: str) -> MetricValue:  # noqa: ANN401 - any JSON value
        """Read a pair: a log-likelihood, and the number of words or bytes that it covers."""
        match value:
            case [int() | float() | "NaN" | "Infinity" | "-Infinity" as total, count] if is_count(count):
                return MetricValue(name, count, self._finite(total, place), is_single=False)
        self._reject(Reason.UNEXPECTED_SHAPE, f"not a pair of a log-likelihood and a whole number: {value!r}", place)
        return MetricValue(name, 0, None, is_single=False)

    def _finite(self, value: float | str, place: str) -> float | None:
        number = as_float(value)
        if number is not None and math.isfinite(number):
            return number
        self._reject(Reason.NOT_FINITE, str(value), place)
        return None

    def _check_hash(self) -> None:
        """Check that the rows are the rows of the results file's evaluation.

        The hash of a task is the SHA-256 digest of the hashes of its rows, one after the other
        (`lm_eval/loggers/evaluation_tracker.py`).
        """
        stated = self._task.results.task_hashes.get(self._task.name)
        if stated is not None and self._hash.hexdigest() != stated:
            detail = "the rows do not give the task's hash in the results file: some are missing, or of another run"
            self._reject(Reason.UNEXPECTED_SHAPE, detail, None)

    def _reject(self, reason: Reason, detail: str, place: str | None) -> None:
        self._rejects.append(Reject(reason, detail, self._file, place))
