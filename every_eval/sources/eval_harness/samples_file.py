"""Read a samples file into rows with values, and rejects; a row or a value that is odd costs nothing else."""

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import IO, Any, Final

import msgspec

from every_eval.contracts.rejects import Reason
from every_eval.sources.decoding import decode_object
from every_eval.sources.eval_harness.aggregations import Aggregation, aggregation_of
from every_eval.sources.eval_harness.completeness import RowCount, TaskCompleteness
from every_eval.sources.eval_harness.number_text import as_number
from every_eval.sources.eval_harness.results import is_count
from every_eval.sources.eval_harness.row_decoder import RowDecoder, Values
from every_eval.sources.eval_harness.sample_records import Record, read_records
from every_eval.sources.eval_harness.sample_rows import MetricValue, ScoredRow, WrittenRow, as_document
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.eval_harness.unnamed_filters import UnnamedFilters, filters_of
from every_eval.sources.source import Reject

_BATCH_ROWS: Final = 1000
_BATCH_BYTES: Final = 1 << 20
"""Most rows that are decoded at once, and their size, in bytes."""
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
        self._metric = cache(self._find_metric)
        self._decoder = RowDecoder()
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
        known: dict[int, set[int]] = {}
        self._count_unnamed(file)
        for record, decoded in self._decoded(file):
            row = self._row(record, decoded)
            if row is None:
                self._count.n_rejected += 1
                continue
            document, of_filter = row.sample.doc_id, known.setdefault(row.occurrence, set())
            if document in of_filter:
                detail = f"document {document}, filter {row.sample.filter}"
                self._reject(Reason.DOUBLED_INSTANCE, detail, record.place)
                self._count.n_rejected += 1
                continue
            of_filter.add(document)
            self._count.add(document, row.sample.hashes)
            yield row
        self.completeness = self._completeness()

    def reject_target(self, row: ScoredRow) -> None:
        """Reject the target of a row that leaves doubt about which choice is correct."""
        detail = f"the target {row.sample.target!r} and the row's scores leave doubt about which choice is correct"
        self._reject(Reason.UNEXPECTED_SHAPE, detail, f"$[{row.position}].target")

    def _count_unnamed(self, file: IO[bytes]) -> None:
        """Count the rows of each document before they are read, if the order of the rows has to tell their filters."""
        filters = filters_of(self._task)
        if len(filters) == 1:
            return
        decoded = (_key(record, self._file) for record in read_records(file, self._file))
        keys = (key for key in decoded if isinstance(key, _Key))
        first = next(keys, None)
        if first is not None and first.filter is None:
            documents = (as_document(key.doc_id) for key in (first, *keys) if key.filter is None)
            self._unnamed = UnnamedFilters.counting(filters, documents)

    def _decoded(self, file: IO[bytes]) -> Iterator[tuple[Record, tuple[WrittenRow, Values] | Reject]]:
        """Decode the rows: the first one, which names the metrics that the others will have, and then many at once."""
        records = read_records(file, self._file)
        n_rows = 1
        while batch := list(islice(records, n_rows)):
            yield from zip(batch, self._decoder.decode(batch, self._file), strict=True)
            n_rows = max(1, min(_BATCH_BYTES // max(batch[-1].n_bytes, 1), _BATCH_ROWS))

    def _row(self, record: Record, decoded: tuple[WrittenRow, Values] | Reject) -> ScoredRow | None:
        if isinstance(decoded, Reject):
            self._rejects.append(self._with_version(decoded))
            return None
        sample, values = decoded
        if not sample.filter:
            filter_name = self._unnamed.next(sample.doc_id)
            if filter_name is None:
                detail = self._unnamed.doubt(sample.doc_id)
                self._reject(Reason.UNEXPECTED_SHAPE, detail, f"{record.place}.filter")
                return None
            sample.filter = filter_name
        requests = sample.requests()
        if requests is None:
            detail = "not the arguments of requests to a model"
            self._reject(Reason.UNEXPECTED_SHAPE, detail, f"{record.place}.arguments")
        occurrence = self._filters.setdefault(sample.filter, len(self._filters))
        of_filter, position = sample.filter, record.position
        scores = []
        for metric, value in values:
            name, is_weighted = self._metric(metric, of_filter)
            if type(value) is float and not is_weighted and math.isfinite(value):
                scores.append(MetricValue(name, 1, value))
            else:
                scores.append(self._value(name, metric, value, position, is_weighted))
        return ScoredRow(sample, occurrence, scores, requests or [], record.position, record.n_bytes)

    def _value(
        self,
        name: str,
        metric: str,
        value: Any,  # noqa: ANN401 - any JSON value
        position: int,
        is_weighted: bool,
    ) -> MetricValue:
        place = f"$[{position}].{metric}"
        if is_weighted and value is not msgspec.UNSET:
            return self._pair(name, value, place)
        number = as_number(value)
        if number is not None and math.isfinite(number):
            return MetricValue(name, 1, number)
        aggregation = self._aggregation(metric)
        if number is not None:
            left_out = math.isnan(number) and aggregation is not None and aggregation.leaves_out_nan
            return MetricValue(name, 0 if left_out else 1, self._finite(number, place))
        if value is msgspec.UNSET:
            self._reject(Reason.UNEXPECTED_SHAPE, f"the row has no column {metric!r}, which it names", place)
        elif value is not None and not isinstance(value, list):
            self._reject(Reason.UNEXPECTED_SHAPE, f"{metric} is neither a number, a list nor null: {value!r}", place)
        return MetricValue(name, 0, None)

    def _find_metric(self, metric: str, filter_name: str) -> tuple[str, bool]:
        """Return the name of a metric with its filter, and whether its values are pairs with weights."""
        aggregation = self._aggregation(metric)
        return f"{metric},{filter_name}", aggregation is not None and aggregation.is_weighted

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
            return TaskCompleteness(1, mismatch, is_contradicted=True)
        return TaskCompleteness(chosen=count.chosen())

    def _with_version(self, reject: Reject) -> Reject:
        return replace(reject, detail=f"{reject.detail} ({self._version})")

    def _reject(self, reason: Reason, detail: str, place: str | None) -> None:
        self._rejects.append(self._with_version(Reject(reason, detail, self._file, place)))


def _key(record: Record, file: str) -> _Key | Reject:
    return record.raw if isinstance(record.raw, Reject) else decode_object(bytes(record.raw), _Key, file)
