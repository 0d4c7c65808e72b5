"""Compare runs of models that several sources evaluated, from the state files of all sources.

A job scores one source. It compares the runs of benchmarks that it scored anew with the runs of the other sources, and
keeps the published comparisons of all other benchmarks.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from every_eval.contracts.cross_source import COMPARISONS, CROSS_SOURCE
from every_eval.contracts.parquet import read_table
from every_eval.contracts.repo_layout import StateFiles, folder_name, latest_path
from every_eval.hub.hub import Snapshot
from every_eval.hub.work_folders import work_folder
from every_eval.scoring.responses.item_scores_files import ItemScoresFiles
from every_eval.scoring.responses.response_store import ResponseStore
from every_eval.scoring.tables.cross_source import matched_models
from every_eval.scoring.tables.releases import Releases, ShownRelease
from every_eval.scoring.tables.response_matrix import Answers, average
from every_eval.scoring.tables.source_comparisons import Place, Row, places_of, source_comparisons
from every_eval.scoring.tables.source_runs import SourceRun, source_runs
from every_eval.sources.source import Source
from every_eval.sources.statistics_files import StatisticsFiles


@dataclass(frozen=True)
class SourceComparisons:
    """Comparisons of runs of different sources, the published ones where nothing has changed."""

    sources: Mapping[str, Source]
    """Sources by name."""
    scores: Snapshot
    """Published scores."""
    state: Mapping[str, Path]
    """Local files of the state of the benchmarks that are scored now, by path."""
    paths: Mapping[str, Set[str]]
    """Paths of the state files of the source that is scored now, by the folder of the benchmark."""
    rescored: Set[str]
    """Folders of the benchmarks that were scored anew."""

    def by_model(self, boards: Sequence[pa.Table]) -> dict[str, list[Row]]:
        """Return values of `SOURCE_COMPARISON` for each model, by its identity, without adjusted p-values.

        Args:
            boards: Leaderboards of all sources.
        """
        models, published = matched_models(boards), self._published()
        found: dict[str, list[Row]] = defaultdict(list)
        for model, rows in ({} if published is None else published).items():
            there = models.get(model, set())
            found[model] += [
                row for row in rows if there >= set(places_of(row)) and not self._is_wanted(*places_of(row))
            ]
        is_wanted = self._is_wanted if published is not None else lambda *_: True
        for model, rows in self._compare(models, is_wanted):
            found[model] += rows
        return found

    def _compare(
        self, models: Mapping[str, Set[Place]], is_wanted: Callable[[Place, Place], bool]
    ) -> Iterator[tuple[str, list[Row]]]:
        """Yield the comparisons of each model that has a wanted pair of benchmarks."""
        chosen: dict[Place, set[str]] = defaultdict(set)
        for model, places in models.items():
            for place in places:
                if any(other[0] != place[0] and is_wanted(place, other) for other in places):
                    chosen[place].add(model)
        runs = [run for place, of_models in sorted(chosen.items()) for run in self._runs(place, of_models)]
        by_model: dict[str, list[SourceRun]] = defaultdict(list)
        for run in runs:
            by_model[run.model].append(run)
        with work_folder() as folder:
            stores = {place: self._store(place, runs, folder / str(at)) for at, place in enumerate(sorted(chosen))}
            for model in sorted(by_model):
                yield (
                    model,
                    list(source_comparisons(by_model[model], lambda run: _answers(stores[run.place], run), is_wanted)),
                )

    def _runs(self, place: Place, models: Set[str]) -> list[SourceRun]:
        """Return the main scores of models in the release of a benchmark that the leaderboard shows."""
        files = self._files(place)
        newest = Releases(self._local(files.releases) if files.releases else None).newest
        if newest is None:
            return []
        stats = StatisticsFiles([self._local(path) for path in files.statistics])
        return source_runs(place, stats, ShownRelease.of(newest, self.sources[place[0]]), models)

    def _store(self, place: Place, runs: Sequence[SourceRun], folder: Path) -> ResponseStore:
        """Return the responses behind the scores of a benchmark's runs."""
        folder.mkdir()
        keys = {run.statistic for run in runs if run.place == place}
        files = ItemScoresFiles([self._local(path) for path in self._files(place).item_scores])
        scenarios = {(key.suite, key.run): (None, None) for key in keys}
        return ResponseStore.fill(files, scenarios, folder, keys.__contains__)

    def _files(self, place: Place) -> StateFiles:
        folder = folder_name(*place)
        return StateFiles.of(folder, self.paths.get(folder, self.scores.files.keys()))

    def _local(self, path: str) -> Path:
        return self.state[path] if path in self.state else self.scores.fetch(path)

    def _published(self) -> dict[str, list[Row]] | None:
        """Return the published comparisons by model; null if none are published."""
        path = latest_path(CROSS_SOURCE, "")
        if path not in self.scores.files:
            return None
        file = self.scores.fetch(path)
        if COMPARISONS not in pq.read_schema(file).names:
            return None  # A version without comparisons wrote the file.
        return {row["model_id"]: row[COMPARISONS] or [] for row in read_table(CROSS_SOURCE, [file]).to_pylist()}

    def _is_wanted(self, a: Place, b: Place) -> bool:
        return any(folder_name(*place) in self.rescored for place in (a, b))


def _answers(store: ResponseStore, run: SourceRun) -> Answers:
    """Return the values of a run on the questions that have a digest."""
    rows = store.rows(run.statistic)
    has_digest = rows.item != rows.instance  # Without a digest, an item has the number of its instance.
    return average(rows.item[has_digest], rows.value[has_digest])
