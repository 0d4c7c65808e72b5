"""News: what differs between the new scores and the scores published before, as Markdown."""

import math
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.hub.markdown import escaped
from every_eval.scoring.tables.compared_scores import is_main_score
from every_eval.sources.distinct import distinct, to_list
from every_eval.statistics.ties import TOLERANCE

SCORE_KEY: Final = ("run", "metric_name", "split", "sub_split")
NEWS_COLUMNS: Final = ("benchmark", *SCORE_KEY, "perturbation", "is_main_metric", "mean_score")
"""Columns of comprehensive_stats that the news is made from."""
NEWS_SCHEMA: Final = pa.schema([COMPREHENSIVE_STATS.schema.field(name) for name in NEWS_COLUMNS])

MAX_LISTED: Final = 20
"""Number of items of a list or table that are shown; all of them are counted."""
CELL_CHARACTERS: Final = 200
"""Most characters of an item or a cell: names of runs are long."""

Key = tuple[str | None, ...]
Values = Mapping[Key, Any]


@dataclass(frozen=True)
class BenchmarkScores:
    """The scores of one benchmark, before or now."""

    release: str | None
    models: Mapping[Key, Mapping[str, Any]]
    """Rows of the leaderboard, by model and deployment."""
    runs: Set[str]
    scores: Values
    """Main scores of runs, by `SCORE_KEY`."""

    @property
    def ranks(self) -> Values:
        """Ranks of the models."""
        return {key: row["rank"] for key, row in self.models.items()}


def select_news_rows(stats: pa.Table) -> pa.Table:
    """Return the rows of comprehensive_stats that the news needs: main scores, and one row of each run."""
    position, _ = distinct(stats, ["benchmark", "run"])
    is_first = np.zeros(stats.num_rows, np.bool_)
    is_first[np.unique(position, return_index=True)[1]] = True
    chosen = pc.or_(pc.fill_null(is_main_score(stats), False), pa.array(is_first))
    return stats.select(NEWS_COLUMNS).filter(chosen).cast(NEWS_SCHEMA)


def news_markdown(
    board: pa.Table, stats: pa.Table, previous_board: pa.Table | None = None, previous_stats: pa.Table | None = None
) -> str:
    """Return what changed, benchmark by benchmark: models, runs, main scores and ranks.

    Args:
        board: Rows of the contract `leaderboard`.
        stats: Rows of the contract `comprehensive_stats` that `select_news_rows` chose.
        previous_board: Rows of the leaderboard published before; without it, everything is new.
        previous_stats: Rows of `comprehensive_stats` published before.
    """
    old_board = board.slice(0, 0) if previous_board is None else previous_board
    old_stats = stats.slice(0, 0) if previous_stats is None else previous_stats
    benchmarks = {
        name for table in (board, stats, old_board, old_stats) for name in table["benchmark"].unique().to_pylist()
    }
    sections = []
    for benchmark in sorted(benchmarks):
        parts = list(_compare(_read(benchmark, old_board, old_stats), _read(benchmark, board, stats)))
        sections += [f"### {escaped(benchmark)}", *(parts or ["No model, run, score or rank changed."])]
    return "\n\n".join(sections)


def _read(benchmark: str, board: pa.Table, stats: pa.Table) -> BenchmarkScores:
    rows = board.filter(pc.field("benchmark") == benchmark).to_pylist()
    of_runs = stats.filter(pc.field("benchmark") == benchmark)
    main = of_runs.filter(is_main_score(of_runs))
    keys = zip(*(to_list(main[name]) for name in SCORE_KEY), strict=True)
    return BenchmarkScores(
        rows[0]["release"] if rows else None,
        {(row["model_name"], row["model_deployment"]): row for row in rows},
        set(of_runs["run"].unique().to_pylist()),
        dict(zip(keys, main["mean_score"].to_pylist(), strict=True)),
    )


def _compare(old: BenchmarkScores, new: BenchmarkScores) -> Iterator[str]:
    """Yield a paragraph for each kind of change."""
    if old.release != new.release:
        yield f"The release is {_cell(new.release or 'none')}; before, it was {_cell(old.release or 'none')}."
    names = {key: _name(row) for key, row in {**old.models, **new.models}.items()}
    yield from _list("New models", [names[key] for key in new.models if key not in old.models])
    yield from _list("Removed models", [names[key] for key in old.models if key not in new.models])
    yield from _list("New runs", sorted(new.runs - old.runs))
    yield from _list("Removed runs", sorted(old.runs - new.runs))
    scores = [[*key, *values] for key, *values in _changed(old.scores, new.scores)]
    yield from _table("Changed scores", [*SCORE_KEY, "before", "now"], scores)
    ranks = [[names[key], *values] for key, *values in _changed(old.ranks, new.ranks)]
    yield from _table("Changed ranks", ["model", "before", "now"], ranks)


def _name(row: Mapping[str, Any]) -> str:
    """Return the model's name for people, with its deployment: a model can have several rows."""
    return f"{row['display_name'] or row['model_name'] or 'not stated'} ({row['model_deployment'] or 'not stated'})"


def _changed(old: Values, new: Values) -> Iterator[tuple[Any, ...]]:
    """Yield each key whose values differ, with the values before and now, in the new order."""
    for key, now in new.items():
        if key in old and not _is_same(old[key], now):
            yield key, old[key], now


def _is_same(before: float | None, now: float | None) -> bool:
    if before is None or now is None:
        return before is now
    return math.isclose(before, now, rel_tol=TOLERANCE)


def _list(what: str, items: Sequence[str]) -> Iterator[str]:
    """Yield a paragraph with the items, if there are any."""
    if items:
        yield f"{_count(what, items)}\n\n" + "\n".join(f"- {_cell(item)}" for item in items[:MAX_LISTED])


def _table(what: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    if rows:
        lines = [header, ["---"] * len(header), *(map(_cell, row) for row in rows[:MAX_LISTED])]
        yield f"{_count(what, rows)}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _count(what: str, items: Sequence[Any]) -> str:
    shown = f", the first {MAX_LISTED} are listed" if len(items) > MAX_LISTED else ""
    return f"{what}: {len(items)}{shown}"


def _cell(value: Any) -> str:  # noqa: ANN401 - a cell of any type
    if value is None:
        return ""
    return f"{value:.10g}" if isinstance(value, float) else escaped(str(value), CELL_CHARACTERS)
