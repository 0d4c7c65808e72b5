"""Reading a samples file, line by line."""

import hashlib
import math
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from every_eval.contracts.rejects import Reason
from every_eval.sources.decoding import decode_object
from every_eval.sources.eval_harness.aggregations import aggregated
from every_eval.sources.eval_harness.results import as_float, is_count
from every_eval.sources.eval_harness.rows import Row, Sample, Value
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.source import Reject

_NOT_FINITE: Final = frozenset({"NaN", "Infinity", "-Infinity"})
"""How the decoder gives what Python writes and JSON lacks."""


class RowReader:
    """Reads a samples file, noting what cannot be read on the way."""

    def __init__(self, task: Task, name: str) -> None:
        """Of `task`, from the file of that name."""
        self._task = task
        self._file = name
        self._rejects: list[Reject] = []
        self._filters = {name: position for position, name in enumerate(task.filters())}
        self._hash = hashlib.sha256()

    def take_rejects(self) -> tuple[Reject, ...]:
        """What could not be read since the last call."""
        rejects = tuple(self._rejects)
        self._rejects.clear()
        return rejects

    def rows(self, file: Iterable[bytes]) -> Iterator[Row]:
        """The rows that can be read of a file's lines, in their order; of two for one document and filter the first."""
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

    def _row(self, line: bytes, place: str) -> Row | None:
        decoded = decode_object(line, dict[str, Any], self._file, place)
        if isinstance(decoded, Reject):
            self._rejects.append(decoded)
            return None
        try:
            sample = msgspec.convert(decoded, Sample)
        except msgspec.ValidationError as error:
            detail, _, where = str(error).partition(" - at `$")
            self._reject(Reason.UNEXPECTED_SHAPE, detail, place + where.removesuffix("`"))
            return None
        occurrence = self._filters.setdefault(sample.filter, len(self._filters))
        values = tuple(self._value(sample, name, decoded, f"{place}.{name}") for name in dict.fromkeys(sample.metrics))
        return Row(sample, occurrence, values)

    def _value(self, sample: Sample, metric: str, columns: dict[str, Any], place: str) -> Value:
        name = f"{metric},{sample.filter}"
        value = columns.get(metric)
        if metric not in columns:
            self._reject(Reason.UNEXPECTED_SHAPE, f"the row has no column {metric!r}, which it names", place)
        elif self._is_weighted(metric):
            return self._pair(name, value, place)
        elif isinstance(value, int | float) or (isinstance(value, str) and value in _NOT_FINITE):
            return Value(name, 1, self._finite(value, place))
        elif value is not None and not isinstance(value, list):
            self._reject(Reason.UNEXPECTED_SHAPE, f"{metric} is neither a number, a list nor null: {value!r}", place)
        return Value(name, 0, None)

    def _is_weighted(self, metric: str) -> bool:
        aggregation = aggregated(self._task.config, metric).aggregation
        return aggregation is not None and aggregation.is_weighted

    def _pair(self, name: str, value: Any, place: str) -> Value:  # noqa: ANN401 - any JSON value
        """A log-likelihood and the number of words or bytes that it is of."""
        match value:
            case [int() | float() | "NaN" | "Infinity" | "-Infinity" as total, count] if is_count(count):
                return Value(name, count, self._finite(total, place), is_single=False)
        self._reject(Reason.UNEXPECTED_SHAPE, f"not a pair of a log-likelihood and a whole number: {value!r}", place)
        return Value(name, 0, None, is_single=False)

    def _finite(self, value: float | str, place: str) -> float | None:
        number = as_float(value)
        if number is not None and math.isfinite(number):
            return number
        self._reject(Reason.NOT_FINITE, str(value), place)
        return None

    def _check_hash(self) -> None:
        """Whether the rows are those that the results file was written with.

        The hash of a task is that of its rows' hashes, one after the other (`lm_eval/loggers/evaluation_tracker.py`).
        """
        stated = self._task.results.task_hashes.get(self._task.name)
        if stated is not None and self._hash.hexdigest() != stated:
            detail = "the rows do not give the task's hash in the results file: some are missing, or of another run"
            self._reject(Reason.UNEXPECTED_SHAPE, detail, None)

    def _reject(self, reason: Reason, detail: str, place: str | None) -> None:
        self._rejects.append(Reject(reason, detail, self._file, place))
