"""Reading one run: its files in, its rows out, and a reject for whatever cannot be read."""

from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from contextlib import ExitStack
from typing import IO

from every_eval.sources.decoding import UNREADABLE, without_space
from every_eval.sources.helm.layout import DISPLAY_FILES
from every_eval.sources.helm.reading import metrics, scenario_state
from every_eval.sources.helm.reading.context import RunContext
from every_eval.sources.helm.reading.joining import read_displayed
from every_eval.sources.helm.reading.keys import Keys
from every_eval.sources.helm.reading.large_join import LargeJoin
from every_eval.sources.helm.reading.measured import Measured, SampleKey
from every_eval.sources.helm.reading.metrics import MetricsReader
from every_eval.sources.helm.reading.outputs import Outputs
from every_eval.sources.helm.reading.perturbations import Treatments
from every_eval.sources.helm.reading.records import (
    InstanceStats,
    ReportedStat,
    RequestState,
    RunSpec,
    Scenario,
)
from every_eval.sources.helm.reading.run_files import WHOLE_BYTES, ListFile, RunFiles
from every_eval.sources.helm.reading.samples import SamplesTable
from every_eval.sources.helm.reading.splitting import PIECE_BYTES
from every_eval.sources.helm.statistics import statistics
from every_eval.sources.source import Reject, Run, RunRows


class RunReader:
    """Reads one run, noting what cannot be read on the way."""

    def __init__(
        self,
        run: Run,
        open_file: Callable[[str], IO[bytes]],
        whole_bytes: int = WHOLE_BYTES,
        piece_bytes: int = PIECE_BYTES,
    ) -> None:
        """`open_file` opens an input of the run by its name; see `RunFiles`."""
        self.run = run
        self._files = RunFiles({item.name: item for item in run.inputs}, open_file, whole_bytes, piece_bytes)
        self._treatments = Treatments()

    def pieces(self) -> Iterator[RunRows]:
        """Everything that can be read of the run: metrics, samples, then statistics."""
        if self.run.problem is not None:
            self._files.rejects.append(Reject(self.run.problem, f"named by an index: {self.run.name}"))
        context = None if self.run.problem else self._context()
        if context is not None:
            measured = yield from self._metrics(context)
            yield from self._samples(context, measured)
            yield self._statistics(context, measured)
        yield RunRows(rejects=self._files.take_rejects())

    def _context(self) -> RunContext | None:
        spec = self._files.object("run_spec.json", RunSpec)
        scenario = self._files.object("scenario.json", Scenario)
        if spec is None:
            return None
        return RunContext(self.run, spec[0], without_space(spec[1]), scenario[0] if scenario else None)

    def _metrics(self, context: RunContext) -> Generator[RunRows, None, Measured]:
        with self._files.open_list(metrics.FILE, InstanceStats) as file:
            if file is None:
                return Measured()
            if not file.is_large:
                reader = MetricsReader(context, self._treatments)
                try:
                    pieces = iter([reader.read(file.strict_pieces())])
                except UNREADABLE:
                    pieces = None  # what was read before the failure is read again
            if file.is_large or pieces is None:
                reader = MetricsReader(context, self._treatments)
                pieces = (reader.read([entries]) for entries in file.pieces(self._files.rejects))
            for table, rejects in pieces:
                self._files.rejects += rejects
                yield RunRows(metrics=table, rejects=self._files.take_rejects())
            return reader.measured

    def _samples(self, context: RunContext, measured: Measured) -> Iterator[RunRows]:
        if scenario_state.FILE not in self._files.inputs:
            yield from self._displayed_rows(context, measured)
            return
        with self._files.open_list(scenario_state.FILE, RequestState, scenario_state.KEY) as file:
            if file is not None:
                yield from self._state_rows(context, measured, file)

    def _displayed_rows(self, context: RunContext, measured: Measured) -> Iterator[RunRows]:
        if not any(self._files.is_large(file) for file in DISPLAY_FILES if file in self._files.inputs):
            yield from self._sample_rows(context, measured, [read_displayed(self._files, self._treatments)])
            return
        with ExitStack() as stack:
            joined = LargeJoin(self._files, self._treatments, stack)
            yield from self._sample_rows(context, measured, joined.outputs(), joined.shared)

    def _state_rows(self, context: RunContext, measured: Measured, file: ListFile[RequestState]) -> Iterator[RunRows]:
        chosen = measured.scores("predicted_index")
        method = context.spec.adapter_spec.method or ""

        def outputs(rejects: list[Reject]) -> Iterator[Outputs]:
            for states in file.pieces(rejects):
                yield scenario_state.read_outputs(states, method, chosen, self._treatments, rejects)

        if not file.is_large:
            yield from self._sample_rows(context, measured, list(outputs(self._files.rejects)))
            return
        # Which keys are shared is known at the end only, so the file is gone through twice.
        shared = Keys.chain([piece.keys for piece in outputs([])]).repeated()
        yield from self._sample_rows(context, measured, outputs(self._files.rejects), shared)

    def _sample_rows(
        self,
        context: RunContext,
        measured: Measured,
        pieces: Iterable[Outputs],
        shared: Collection[SampleKey] | None = None,
    ) -> Iterator[RunRows]:
        if shared is None:
            pieces = list(pieces)
            shared = Keys.chain([piece.keys for piece in pieces]).repeated()
        table = SamplesTable(context, measured, shared)
        for piece in pieces:
            yield RunRows(samples=table.rows(piece), rejects=self._files.take_rejects())

    def _statistics(self, context: RunContext, measured: Measured) -> RunRows:
        stats = self._files.list(statistics.FILE, ReportedStat)
        reported = statistics.read_reported(stats, self._treatments, self._files.rejects)
        summary = statistics.run_statistics(reported, measured, context)
        return RunRows(stats=summary.stats, disagreements=summary.disagreements.to_pylist())
