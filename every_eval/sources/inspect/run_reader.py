"""Read one run, that is one log, into rows and rejects."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import IO, Final

from every_eval.contracts.rejects import Reason
from every_eval.sources.inspect.evaluation import Evaluation
from every_eval.sources.inspect.item_scores_table import item_scores_table
from every_eval.sources.inspect.judges import judgements_of
from every_eval.sources.inspect.log_file import Log, open_log
from every_eval.sources.inspect.log_names import SUPERSEDED
from every_eval.sources.inspect.records import STARTED, Sample, SampleWithMessages
from every_eval.sources.inspect.rows import ReadSample, RowMaker
from every_eval.sources.inspect.run_samples import RunSamples
from every_eval.sources.inspect.sample_row import ALL, FINAL, question_digest, sample_row
from every_eval.sources.inspect.sample_values import resource_values, score_values, scores_of
from every_eval.sources.inspect.stats_table import run_statistics
from every_eval.sources.model_ordinals import ORDINAL
from every_eval.sources.skipped_entries import reject_of
from every_eval.sources.source import Reject, Run, RunRows

MESSAGES: Final = "messages"
"""Fact of a run that holds what is published of its messages."""
PIECE_ROWS: Final = 250
"""Largest number of samples in a piece."""
PIECE_BYTES: Final = 4 << 20
"""Size of the samples' JSON at which a piece ends, in bytes."""


def read_run(run: Run, open_file: Callable[[str], IO[bytes]]) -> Iterator[RunRows]:
    """Read a run in pieces: samples with their metrics and judgements, then statistics.

    A log that another log contains has no rows.
    """
    if SUPERSEDED in run.facts:
        return
    if (skipped := reject_of(run)) is not None:
        yield RunRows(rejects=(skipped,))
        return
    name = run.inputs[0].name
    with open_file(name) as file:
        log = open_log(file, name)
        header = log if isinstance(log, Reject) else log.header()
        if isinstance(log, Reject) or isinstance(header, Reject):
            assert isinstance(header, Reject)
            yield RunRows(rejects=(header,))
        elif header.status == STARTED:
            detail = (
                "the log is not finished: its evaluation still runs, or its process was killed; its samples are "
                f"published when the evaluation has ended ({header.eval.inspect_version})"
            )
            yield RunRows(rejects=(Reject(Reason.FILE_MISSING, detail, name),))
        else:
            evaluation = Evaluation(header, run.facts.get(MESSAGES, FINAL), int(run.facts.get(ORDINAL, 1)))
            yield from _RunReader(run, log, evaluation, name).pieces()


class _RunReader:
    """Reader of one log that is finished."""

    def __init__(self, run: Run, log: Log, evaluation: Evaluation, name: str) -> None:
        self._run = run
        self._log = log
        self._evaluation = evaluation
        self._name = name
        self._rows = RowMaker(run, evaluation)
        self._samples = RunSamples(evaluation.header)
        self._seen: dict[tuple[str, int], int] = {}
        self._uuids: set[str] = set()
        self._rejects: list[Reject] = []

    def pieces(self) -> Iterator[RunRows]:
        piece: list[ReadSample] = []
        n_bytes = 0
        kind = SampleWithMessages if self._evaluation.messages == ALL else Sample
        for place, size, sample in self._log.samples(kind):
            if isinstance(sample, Reject):
                self._samples.n_rejected += 1
                self._reject(sample)
            elif (read := self._read(sample, place)) is not None:
                piece.append(read)
                n_bytes += size
            if len(piece) >= PIECE_ROWS or n_bytes >= PIECE_BYTES:
                yield self._piece(piece)
                piece, n_bytes = [], 0
        yield self._piece(piece)
        statistics = run_statistics(self._evaluation, self._run, self._samples, self._name)
        rejects = tuple(self._with_version(item) for item in statistics.rejects)
        yield RunRows(
            stats=statistics.table,
            item_scores=item_scores_table(self._evaluation, self._run, self._samples),
            rejects=rejects,
            disagreements=statistics.disagreements,
        )

    def _read(self, sample: Sample, place: str) -> ReadSample | None:
        """Return a sample with its rows' values; null for a sample that the log has twice under one uuid."""
        if isinstance(sample.uuid, str):
            if sample.uuid in self._uuids:
                detail = f"sample {sample.id!r} in epoch {sample.epoch} has the uuid of another sample"
                self._reject(Reject(Reason.DOUBLED_INSTANCE, detail, self._name, place))
                return None
            self._uuids.add(sample.uuid)
        key = (sample.instance_id, sample.epoch)
        occurrence = self._seen.get(key, 0)
        self._seen[key] = occurrence + 1
        scores = scores_of(sample, self._evaluation)
        numbers = list(score_values(scores, self._evaluation))
        resources = list(resource_values(sample, self._evaluation.header.eval.model))
        for value in numbers:
            if value.number is not None and not math.isfinite(value.number):
                detail = f"{value.metric_name} is {value.number}"
                self._reject(Reject(Reason.NOT_FINITE, detail, self._name, f"{place}.scores"))
        judgements = list(judgements_of(scores, self._evaluation))
        self._samples.add(sample, scores, resources)
        self._samples.add_judgements(judgements)
        row = sample_row(sample, scores, self._evaluation)
        if sample.instance_id not in self._samples.items and (digest := question_digest(row)) is not None:
            self._samples.items[sample.instance_id] = digest
        return ReadSample(sample, occurrence, row, [*numbers, *resources], judgements)

    def _piece(self, piece: list[ReadSample]) -> RunRows:
        rejects = tuple(self._rejects)
        self._rejects.clear()
        if not piece:
            return RunRows(rejects=rejects)
        judges = sorted({one.judge for item in piece for one in item.judgements if one.judge is not None})
        rows = self._rows
        return RunRows(
            samples=rows.samples(piece, judges),
            metrics=rows.metrics(piece),
            judgements=rows.judgements(piece),
            rejects=rejects,
        )

    def _reject(self, reject: Reject) -> None:
        self._rejects.append(self._with_version(reject))

    def _with_version(self, reject: Reject) -> Reject:
        return replace(reject, detail=f"{reject.detail} ({self._evaluation.header.eval.inspect_version})")
