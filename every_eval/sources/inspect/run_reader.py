"""Read one run, that is one log, into rows and rejects."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import IO, Final

import numpy as np

from every_eval.contracts.rejects import Reason
from every_eval.sources.inspect.evaluation import Evaluation
from every_eval.sources.inspect.item_scores_table import item_scores_table
from every_eval.sources.inspect.judges import judgements_of, judges_of_log, may_be_judged
from every_eval.sources.inspect.log_file import Log, open_log
from every_eval.sources.inspect.log_names import SUPERSEDED
from every_eval.sources.inspect.records import STARTED, Sample, SampleWithMessages
from every_eval.sources.inspect.rows import RowMaker, with_judges
from every_eval.sources.inspect.run_samples import RunSamples
from every_eval.sources.inspect.sample_batch import SampleBatch
from every_eval.sources.inspect.sample_batches import SampleBatches
from every_eval.sources.inspect.sample_texts import ALL, FINAL, questions_of
from every_eval.sources.inspect.sample_values import ValueReader, ValueTable
from every_eval.sources.inspect.stats_table import run_statistics
from every_eval.sources.model_ordinals import ORDINAL
from every_eval.sources.skipped_entries import reject_of
from every_eval.sources.source import Reject, Run, RunRows

MESSAGES: Final = "messages"
"""Fact of a run that holds what is published of its messages."""
HELD_BYTES: Final = 32 << 20
"""Size of the rows of samples that are held back until all judges of a log are known, in bytes."""


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
        self._values = ValueReader(evaluation)
        self._samples = RunSamples(evaluation.header)

    def pieces(self) -> Iterator[RunRows]:
        kind = SampleWithMessages if self._evaluation.messages == ALL else Sample
        batches = SampleBatches(self._log, self._name, self._evaluation)
        yield from self._with_judges(
            self._piece(batch) if batch.samples else RunRows(rejects=self._with_version(batch.rejects))
            for batch in batches.read(kind)
        )
        self._samples.n_rejected = batches.n_rejected
        statistics = run_statistics(self._evaluation, self._run, self._samples, self._name)
        yield RunRows(
            stats=statistics.table,
            item_scores=item_scores_table(self._evaluation, self._run, self._samples),
            rejects=self._with_version(statistics.rejects),
            disagreements=statistics.disagreements,
        )

    def _with_judges(self, pieces: Iterator[RunRows]) -> Iterator[RunRows]:
        """Give each sample the judges of all samples: the pieces of a log that is not large wait until its end.

        The samples of a large log are read again, if its header or the samples so far name a judge.
        """
        held: list[RunRows] = []
        for piece in pieces:
            held.append(piece)
            if sum(one.samples.nbytes for one in held) > HELD_BYTES:
                break
        else:
            yield from (with_judges(piece, sorted(self._samples.judges)) for piece in held)
            return
        is_judged = bool(self._samples.judges) or may_be_judged(self._evaluation)
        judges = judges_of_log(self._log, self._evaluation) if is_judged else []
        yield from (with_judges(piece, judges) for piece in chain(held, pieces))

    def _piece(self, batch: SampleBatch) -> RunRows:
        values = self._values.read(batch)
        self._reject_not_finite(batch, values)
        judgements = [list(judgements_of(scores, self._evaluation)) for scores in batch.scores]
        questions = questions_of(batch, self._evaluation)
        self._samples.add(batch, values)
        if questions is not None:
            self._samples.add_questions(batch, questions)
        self._samples.add_judgements(judgements)
        return RunRows(
            samples=self._rows.samples(batch, questions, values),
            metrics=self._rows.metrics(batch, values),
            judgements=self._rows.judgements(batch, judgements),
            rejects=self._with_version(batch.rejects),
        )

    def _reject_not_finite(self, batch: SampleBatch, values: ValueTable) -> None:
        for row, column in np.argwhere(np.isinf(values.numbers)).tolist():
            detail = f"{values.metric_names[column]} is {values.numbers[row, column]}"
            batch.reject(Reject(Reason.NOT_FINITE, detail, self._name, f"{batch.places[row]}.scores"), row)

    def _with_version(self, rejects: Iterable[Reject]) -> tuple[Reject, ...]:
        version = self._evaluation.header.eval.inspect_version
        return tuple(replace(item, detail=f"{item.detail} ({version})") for item in rejects)
