"""Read one run: its files become rows, and what cannot be read becomes a reject."""

from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from contextlib import ExitStack
from typing import IO

from every_eval.sources.decoding import UNREADABLE, compact
from every_eval.sources.helm.reading import metrics, scenario_state
from every_eval.sources.helm.reading.display_files import DisplayJoin
from every_eval.sources.helm.reading.keys import Keys
from every_eval.sources.helm.reading.metric_index import MetricIndex, SampleKey
from every_eval.sources.helm.reading.metrics import MetricsReader
from every_eval.sources.helm.reading.outputs import Outputs
from every_eval.sources.helm.reading.perturbations import PerturbationReader
from every_eval.sources.helm.reading.records import (
    InstanceStats,
    ReportedStat,
    RequestState,
    RunSpec,
    Scenario,
)
from every_eval.sources.helm.reading.run_context import RunContext
from every_eval.sources.helm.reading.run_files import WHOLE_BYTES, ListFile, RunFiles
from every_eval.sources.helm.reading.samples import SamplesTable
from every_eval.sources.helm.reading.splitting import PIECE_BYTES
from every_eval.sources.helm.statistics import stats_table
from every_eval.sources.source import Reject, Run, RunRows


class HelmRunReader:
    """Reads one run."""

    def __init__(
        self,
        run: Run,
        open_file: Callable[[str], IO[bytes]],
        whole_bytes: int = WHOLE_BYTES,
        piece_bytes: int = PIECE_BYTES,
    ) -> None:
        """`open_file` opens an input of the run by its name; for the sizes see `RunFiles`."""
        self.run = run
        self._files = RunFiles({item.name: item for item in run.inputs}, open_file, whole_bytes, piece_bytes)
        self._perturbations = PerturbationReader()

    def pieces(self) -> Iterator[RunRows]:
        """Yield the run's rows in pieces: first the metrics, then the samples, then the statistics."""
        if self.run.problem is not None:
            self._files.rejects.append(Reject(self.run.problem, f"named by an index: {self.run.name}"))
        context = None if self.run.problem else self._context()
        if context is not None:
            index = yield from self._metrics(context)
            yield from self._samples(context, index)
            yield self._statistics(context, index)
        yield RunRows(rejects=self._files.take_rejects())

    def _context(self) -> RunContext | None:
        spec = self._files.object("run_spec.json", RunSpec)
        scenario = self._files.object("scenario.json", Scenario)
        if spec is None:
            return None
        return RunContext(self.run, spec[0], compact(spec[1]), scenario[0] if scenario else None)

    def _metrics(self, context: RunContext) -> Generator[RunRows, None, MetricIndex]:
        with self._files.open_list(metrics.FILE, InstanceStats) as file:
            if file is None:
                return MetricIndex()
            reader, pieces = MetricsReader(context, self._perturbations), None
            if not file.is_large:
                try:
                    pieces = iter([reader.read(file.strict_pieces())])
                except UNREADABLE:
                    # The file is read again from its beginning, so what the reader knows of it is forgotten.
                    reader = MetricsReader(context, self._perturbations)
            if pieces is None:
                pieces = (reader.read([entries]) for entries in file.pieces(self._files.rejects))
            for table, rejects in pieces:
                self._files.rejects += rejects
                yield RunRows(metrics=table, rejects=self._files.take_rejects())
            return reader.index

    def _samples(self, context: RunContext, index: MetricIndex) -> Iterator[RunRows]:
        if scenario_state.FILE in self._files.inputs:
            with self._files.open_list(scenario_state.FILE, RequestState, scenario_state.KEY) as file:
                if file is not None:
                    yield from self._state_rows(context, index, file)
            return
        with ExitStack() as stack:
            joined = DisplayJoin(self._files, self._perturbations, stack)
            yield from self._sample_rows(context, index, joined.outputs(), joined.repeated)

    def _state_rows(self, context: RunContext, index: MetricIndex, file: ListFile[RequestState]) -> Iterator[RunRows]:
        chosen = index.scores("predicted_index")
        method = context.spec.adapter_spec.method or ""

        def outputs(rejects: list[Reject]) -> Iterator[Outputs]:
            for states in file.pieces(rejects):
                yield scenario_state.read_outputs(states, method, chosen, self._perturbations, rejects)

        # Which keys are repeated is known only at the end of the file, so a large file is read twice.
        pieces: Iterable[Outputs] = outputs([]) if file.is_large else list(outputs(self._files.rejects))
        repeated = Keys.chain([piece.keys for piece in pieces]).repeated()
        if file.is_large:
            pieces = outputs(self._files.rejects)
        yield from self._sample_rows(context, index, pieces, repeated)

    def _sample_rows(
        self, context: RunContext, index: MetricIndex, pieces: Iterable[Outputs], repeated: Collection[SampleKey]
    ) -> Iterator[RunRows]:
        table = SamplesTable(context, index, repeated)
        for piece in pieces:
            yield RunRows(samples=table.rows(piece), rejects=self._files.take_rejects())

    def _statistics(self, context: RunContext, index: MetricIndex) -> RunRows:
        stats = self._files.list(stats_table.FILE, ReportedStat)
        reported = stats_table.read_reported(stats, self._perturbations, self._files.rejects)
        statistics = stats_table.run_statistics(reported, index, context)
        return RunRows(stats=statistics.stats, disagreements=statistics.disagreements.to_pylist())
