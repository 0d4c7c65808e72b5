"""Read a samples file into rows with values, and rejects; a row or a value that is odd costs nothing else."""

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import IO, Any, Final

import msgspec

from every_eval.contracts.rejects import Reason
from every_eval.sources.eval_harness.aggregations import Aggregation, aggregation_of
from every_eval.sources.eval_harness.completeness import RowCount, TaskCompleteness
from every_eval.sources.eval_harness.number_text import as_number
from every_eval.sources.eval_harness.results import is_count
from every_eval.sources.eval_harness.sample_records import read_records
from every_eval.sources.eval_harness.sample_rows import (
    MetricValue,
    ScoredRow,
    WrittenRow,
    as_document,
    complete,
)
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.eval_harness.unnamed_filters import UnnamedFilters, filters_of
from every_eval.sources.source import Reject

Columns = dict[str, Any]
"""Columns of a row as the file has them."""

_NO_VERSION: Final = "version of lm-eval not stated"


class _Key(msgspec.Struct):
    """Columns that tell which document and filter a row is of."""

    doc_id: Any = None
    filter: Any = None


class SamplesFileReader:
    """Reader of one samples file, which collects rejects and counts rows."""

    def __init__(self, task: Task, name: str) -> None:
        """Read the samples file `name` of `task`."""
        self._task = task
        self._file = name
        self._rejects: list[Reject] = []
        self._filters = {name: position for position, name in enumerate(task.filters())}
        self._unnamed = UnnamedFilters(filters_of(task), {})
        self._count = RowCount(task.results.task_hashes.get(task.name), task.results.size(task.name))
        self._aggregation = cache(self._find_aggregation)
        version = task.results.lm_eval_version
        self._version = f"lm-eval {version}" if version else _NO_VERSION
        self.completeness = TaskCompleteness()
        """What is known of the rows after the last of them was read."""

    def take_rejects(self) -> tuple[Reject, ...]:
        """Return the rejects since the last call."""
        rejects = tuple(self._rejects)
        self._rejects.clear()
        return rejects

    def rows(self, file: IO[bytes]) -> Iterator[ScoredRow]:
        """Read the rows of a seekable file, in order. If a document and filter has two rows, the second is a reject."""
        known: set[tuple[int, int]] = set()
        self._count_unnamed(file)
        for place, decoded in read_records(file, Columns, self._file):
            row = self._row(decoded, place)
            key = (row.sample.doc_id, row.occurrence) if row else None
            if key in known and row:
                self._reject(Reason.DOUBLED_INSTANCE, f"document {key[0]}, filter {row.sample.filter}", place)
                row = None
            if row is None:
                self._count.n_rejected += 1
                continue
            known.add((row.sample.doc_id, row.occurrence))
            self._count.add(row.sample.doc_id, row.sample.hashes)
            yield row
        self.completeness = self._completeness()

    def reject_target(self, row: ScoredRow) -> None:
        """Reject the target of a row that leaves doubt about which choice is correct."""
        detail = f"the target {row.sample.target!r} and the row's scores leave doubt about which choice is correct"
        self._reject(Reason.UNEXPECTED_SHAPE, detail, f"{row.place}.target")

    def _count_unnamed(self, file: IO[bytes]) -> None:
        """Count the rows of each document before they are read, if the order of the rows has to tell their filters."""
        filters = filters_of(self._task)
        if len(filters) == 1:
            return
        keys = (key for _, key in read_records(file, _Key, self._file) if isinstance(key, _Key))
        first = next(keys, None)
        if first is not None and first.filter is None:
            documents = (as_document(key.doc_id) for key in (first, *keys) if key.filter is None)
            self._unnamed = UnnamedFilters.counting(filters, documents)

    def _row(self, decoded: Columns | Reject, place: str) -> ScoredRow | None:
        if isinstance(decoded, Reject):
            self._rejects.append(self._with_version(decoded))
            return None
        try:
            sample = msgspec.convert(complete(decoded), WrittenRow)
        except msgspec.ValidationError as error:
            detail, _, where = str(error).partition(" - at `$")
            self._reject(Reason.UNEXPECTED_SHAPE, detail, place + where.removesuffix("`"))
            return None
        filter_name = sample.filter or self._unnamed.next(sample.doc_id)
        if filter_name is None:
            self._reject(Reason.UNEXPECTED_SHAPE, self._unnamed.doubt(sample.doc_id), f"{place}.filter")
            return None
        sample.filter = filter_name
        if sample.requests is None:
            self._reject(Reason.UNEXPECTED_SHAPE, "not the arguments of requests to a model", f"{place}.arguments")
        occurrence = self._filters.setdefault(filter_name, len(self._filters))
        values = tuple(self._value(sample, name, decoded, f"{place}.{name}") for name in dict.fromkeys(sample.metrics))
        return ScoredRow(sample, occurrence, values, place)

    def _value(self, sample: WrittenRow, metric: str, columns: Columns, place: str) -> MetricValue:
        name = f"{metric},{sample.filter}"
        value = columns.get(metric)
        aggregation = self._aggregation(metric)
        if metric not in columns:
            self._reject(Reason.UNEXPECTED_SHAPE, f"the row has no column {metric!r}, which it names", place)
        elif aggregation is not None and aggregation.is_weighted:
            return self._pair(name, value, place)
        elif (number := as_number(value)) is not None:
            left_out = math.isnan(number) and aggregation is not None and aggregation.leaves_out_nan
            return MetricValue(name, 0 if left_out else 1, self._finite(number, place))
        elif value is not None and not isinstance(value, list):
            self._reject(Reason.UNEXPECTED_SHAPE, f"{metric} is neither a number, a list nor null: {value!r}", place)
        return MetricValue(name, 0, None)

    def _find_aggregation(self, metric: str) -> Aggregation | None:
        return aggregation_of(self._task.config, metric).aggregation

    def _pair(self, name: str, value: Any, place: str) -> MetricValue:  # noqa: ANN401 - any JSON value
        """Read a pair: a log-likelihood, and the number of words or bytes that it covers."""
        match value:
            case [total, count] if is_count(count) and (number := as_number(total)) is not None:
                return MetricValue(name, count, self._finite(number, place), is_single=False)
        self._reject(Reason.UNEXPECTED_SHAPE, f"not a pair of a log-likelihood and a whole number: {value!r}", place)
        return MetricValue(name, 0, None, is_single=False)

    def _finite(self, number: float, place: str) -> float | None:
        if math.isfinite(number):
            return number
        self._reject(Reason.NOT_FINITE, str(number), place)
        return None

    def _completeness(self) -> TaskCompleteness:
        """Compare the rows with what the results file says of them; what does not fit is a reject of the file."""
        count = self._count
        if count.n_rejected:
            rows = "1 row" if count.n_rejected == 1 else f"{count.n_rejected} rows"
            return TaskCompleteness(count.n_rejected, f"{rows} could not be read")
        if mismatch := count.mismatch():
            self._reject(Reason.UNEXPECTED_SHAPE, mismatch, None)
            return TaskCompleteness(1, mismatch)
        return TaskCompleteness(chosen=count.chosen())

    def _with_version(self, reject: Reject) -> Reject:
        return replace(reject, detail=f"{reject.detail} ({self._version})")

    def _reject(self, reason: Reason, detail: str, place: str | None) -> None:
        self._rejects.append(self._with_version(Reject(reason, detail, self._file, place)))
