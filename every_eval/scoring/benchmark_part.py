"""One benchmark in the files of a source: its new scores or, if it cannot be scored, its published rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.checks import CHECKS
from every_eval.contracts.table import Table
from every_eval.errors import ContractViolation
from every_eval.scoring.benchmark_scorer import KEPT_TABLES, BenchmarkScorer
from every_eval.scoring.change_detection import BenchmarkState
from every_eval.scoring.checks.check_table import LEFT_OUT, LEFT_OUT_TABLES
from every_eval.scoring.checks.validation import lost_rows
from every_eval.scoring.isolation import Omissions, Problem, boundary, inputs_digest, left_out_inputs
from every_eval.scoring.previous_scores import PreviousScores
from every_eval.scoring.state.state_updater import StateUpdater
from every_eval.sources.distinct import distinct
from every_eval.sources.statistics_files import StatisticsFiles

MODEL_COLUMNS = ("model_name", "model_deployment")


@dataclass
class BenchmarkPart:
    """Scores one benchmark, as often as needed until it is known what has to be left out."""

    benchmark: BenchmarkState
    updater: StateUpdater
    previous: PreviousScores
    omissions: Omissions
    state: Mapping[str, Path] | None = field(default=None, init=False)
    """Local files of the state, by path; null if the state could not be updated."""
    is_rescored: bool = field(default=False, init=False)
    """Whether the benchmark's comparisons were made anew and not taken from the published scores."""

    def score(self, scorer: BenchmarkScorer, tables: Sequence[Table]) -> None:
        """Write the rows of the benchmark.

        What turns out to be impossible to score is added to the omissions; then some rows may be written already, and
        the files must be written again.

        Args:
            scorer: Scores the benchmark, and writes its rows.
            tables: Tables whose published rows can stay.
        """
        if self.omissions.whole is None:
            with boundary(self.benchmark.folder, partial(self._note, scorer)):
                self._score(scorer)
        else:
            self.is_rescored = False
            self._keep_published(scorer, tables)

    def _note(self, scorer: BenchmarkScorer, problem: Problem) -> None:
        runs = {}
        if self.state is not None and not self.omissions.runs:
            with boundary(self.benchmark.folder, lambda _: None):
                runs = scorer.faulty_runs(self.benchmark, self.state)
        self.omissions.add(problem, runs)

    def _score(self, scorer: BenchmarkScorer) -> None:
        benchmark = self.benchmark
        if benchmark.problem is not None:
            raise ContractViolation(benchmark.problem)
        is_current = self.updater.is_current(benchmark)
        is_known = is_current and not self._was_left_out(scorer) and not self.omissions.runs
        known = self._known_rows() if is_known else None
        state = dict(self.updater.update(benchmark) if self.state is None else self.state)
        if known is None and not benchmark.item_files.keys() <= state.keys():
            state |= self.updater.update_item_scores(benchmark)
        self.state = state
        self.is_rescored = known is None
        board = scorer.score(benchmark, state, known, self.previous.checks, self.omissions)
        lost = lost_rows(self.previous.leaderboard_of(benchmark.folder), board, self._n_models_left_out())
        if lost is not None and not self.updater.force:
            raise ContractViolation(f"{lost}. Run the job with force_regenerate to publish it all the same.")
        if lost is not None:
            scorer.report(f"{benchmark.folder}: {lost}. It is published because force_regenerate is set.")

    def _known_rows(self) -> Mapping[str, Iterable[pa.Table]] | None:
        """Return the published rows of the tables that are kept; null if one of the tables is not published."""
        if not all(map(self.previous.has, KEPT_TABLES)):
            return None
        return {table.name: self.previous.rows(table, self.benchmark.folder) or () for table in KEPT_TABLES}

    def _was_left_out(self, scorer: BenchmarkScorer) -> bool:
        return self.benchmark.folder in left_out_inputs(scorer.source.name, self.previous.checks)

    def _n_models_left_out(self) -> int:
        """Count the models of the runs that are left out."""
        if not self.omissions.runs or self.state is None:
            return 0
        files = StatisticsFiles([self.state[path] for path in self.benchmark.files], self.omissions.runs.keys())
        return len({model for piece in files.pieces(MODEL_COLUMNS) for model in distinct(piece, MODEL_COLUMNS)[1]})

    def _keep_published(self, scorer: BenchmarkScorer, tables: Sequence[Table]) -> None:
        """Write the rows that are published, and the check that says so."""
        source, folder = scorer.source.name, self.benchmark.folder
        for table in tables:
            for piece in self.previous.rows(table, folder) or ():
                scorer.write(table, table.decode(piece))
        name = folder.removeprefix(f"{source}_")
        for piece in self.previous.rows(CHECKS, folder) or ():
            rows = CHECKS.decode(piece)
            name = rows["benchmark"][0].as_py()
            is_stale = pc.is_in(rows["check"], pa.array([LEFT_OUT, LEFT_OUT_TABLES]))
            scorer.write(CHECKS, rows.filter(pc.invert(is_stale)))
        scorer.write(CHECKS, self.omissions.table(source, name, None, 1, inputs_digest(self.benchmark)))
