"""Read one run: its files become rows, and what cannot be read becomes a reject."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import IO

from every_eval.contracts.rejects import Reason
from every_eval.sources.arguments import without_credentials
from every_eval.sources.decoding import UNREADABLE, compact
from every_eval.sources.helm.reading import metrics, reported_statistics, scenario_state
from every_eval.sources.helm.reading.display_files import PREDICTIONS, DisplayJoin
from every_eval.sources.helm.reading.judgements import Panel
from every_eval.sources.helm.reading.keys import InstanceKey, Keys
from every_eval.sources.helm.reading.metric_index import MetricIndex
from every_eval.sources.helm.reading.metrics import MetricsReader
from every_eval.sources.helm.reading.missing_rows import missing_outputs, missing_statistics, missing_trials
from every_eval.sources.helm.reading.outputs import Outputs
from every_eval.sources.helm.reading.perturbations import PerturbationReader
from every_eval.sources.helm.reading.records import (
    InstanceStats,
    ReportedStat,
    RequestState,
    RunSpec,
    Scenario,
)
from every_eval.sources.helm.reading.reported_statistics import read_reported
from every_eval.sources.helm.reading.run_context import RunContext
from every_eval.sources.helm.reading.run_files import WHOLE_BYTES, ListFile, RunFiles
from every_eval.sources.helm.reading.samples import SamplesTable
from every_eval.sources.helm.statistics import stats_table
from every_eval.sources.helm.statistics.item_scores import item_scores
from every_eval.sources.source import Reject, Run, RunRows
from every_eval.sources.splitting import PIECE_BYTES


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
        self._items: Mapping[InstanceKey, str] = {}

    def pieces(self) -> Iterator[RunRows]:
        """Yield the run's rows in pieces: first the metrics, then the samples, then what follows from both."""
        if self.run.problem is not None:
            self._files.rejects.append(Reject(self.run.problem, f"named by an index: {self.run.name}"))
        context = None if self.run.problem else self._context()
        if context is not None:
            index = yield from self._metrics(context)
            panel = yield from self._samples(context, index)
            yield self._statistics(context, index, panel)
            yield RunRows(item_scores=item_scores(index, context, self._items))
        yield RunRows(rejects=self._files.take_rejects())

    def _context(self) -> RunContext | None:
        spec = self._files.object("run_spec.json", RunSpec)
        scenario = self._files.object("scenario.json", Scenario)
        if spec is None:
            return None
        problem = _problem(spec[0], self.run.name)
        if problem is not None:
            self._files.rejects.append(problem)
            return None
        return RunContext(self.run, spec[0], without_credentials(compact(spec[1])), scenario[0] if scenario else None)

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

    def _samples(self, context: RunContext, index: MetricIndex) -> Generator[RunRows, None, Panel]:
        if scenario_state.FILE in self._files.inputs:
            with self._files.open_list(scenario_state.FILE, RequestState, scenario_state.KEY) as file:
                return Panel() if file is None else (yield from self._state_rows(context, index, file))
        with ExitStack() as stack:
            joined = DisplayJoin(self._files, self._perturbations, stack)
            table = SamplesTable(context, index, joined.repeated, joined.panel.judges)
            yield from self._sample_rows(table, joined.outputs())
            self._files.note_missing(
                [*missing_outputs(joined.keys, index, PREDICTIONS.name), joined.missing_predictions]
            )
            return joined.panel

    def _state_rows(
        self, context: RunContext, index: MetricIndex, file: ListFile[RequestState]
    ) -> Generator[RunRows, None, Panel]:
        chosen = index.scores("predicted_index")
        method = context.spec.adapter_spec.method or ""

        def outputs(rejects: list[Reject]) -> Iterator[Outputs]:
            for states in file.pieces(rejects):
                yield scenario_state.read_outputs(states, method, chosen, self._perturbations, rejects)

        # Repeated keys and all judges are known only at the end of the file, so a large file is read twice.
        pieces: Iterable[Outputs] = outputs([]) if file.is_large else list(outputs(self._files.rejects))
        found = [(piece.keys, Panel.of(piece.texts["annotations"])) for piece in pieces]
        repeated, panel = Keys.chain([keys for keys, _ in found]).repeated(), Panel.join(part for _, part in found)
        if file.is_large:
            pieces = outputs(self._files.rejects)
        yield from self._sample_rows(SamplesTable(context, index, repeated, panel.judges), pieces)
        self._files.note_missing(missing_outputs(Keys.chain([keys for keys, _ in found]), index, file.name))
        return panel

    def _sample_rows(self, table: SamplesTable, pieces: Iterable[Outputs]) -> Iterator[RunRows]:
        for piece in pieces:
            samples, judgements = table.rows(piece)
            yield RunRows(samples=samples, judgements=judgements, rejects=self._files.take_rejects())
        self._items = table.items
        yield RunRows(rejects=self._files.take_rejects())

    def _statistics(self, context: RunContext, index: MetricIndex, panel: Panel) -> RunRows:
        stats = self._files.list(reported_statistics.FILE, ReportedStat)
        reported = read_reported(stats, self._perturbations, self._files.rejects)
        recomputed = stats_table.recompute(index, context)
        rejects = self._files.take_rejects()
        trials = missing_trials(context.spec.adapter_spec, index)
        self._files.note_missing([*missing_statistics(reported, recomputed.places, index), *trials])
        rejects += self._files.take_rejects()
        statistics = stats_table.run_statistics(reported, recomputed, context, panel, self._files.completeness)
        disagreements = statistics.disagreements.to_pylist()
        return RunRows(stats=statistics.stats, rejects=rejects, disagreements=disagreements)


def _problem(spec: RunSpec, run: str) -> Reject | None:
    """Return why rows of a run with this specification would be of no run, or of no model; null if they would not."""
    adapter = spec.adapter_spec
    if spec.name.replace("/", "_") != run:  # HELM writes _ in place of / in the folder's name.
        detail = f"run_spec.json is of the run {spec.name[:500]}, and lies in the folder of the run {run}"
        return Reject(Reason.OTHER_RUN, detail, "run_spec.json", "$.name")
    if not adapter.model:
        return Reject(Reason.UNEXPECTED_SHAPE, "The run states no model", "run_spec.json", "$.adapter_spec.model")
    if adapter.model_deployment == "":
        place = "$.adapter_spec.model_deployment"
        return Reject(Reason.UNEXPECTED_SHAPE, "The name of the deployment is empty", "run_spec.json", place)
    return None
