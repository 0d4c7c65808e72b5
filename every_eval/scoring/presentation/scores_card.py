"""The dataset card of the scores repo, with the top of each leaderboard."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.parquet import read_table
from every_eval.contracts.repo_layout import csv_path, folder_name, latest_path, picture_path, shard_pattern
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.state import STATE
from every_eval.contracts.table import Table
from every_eval.hub.cards import Card, Config, Section, address_of, markdown_table
from every_eval.hub.citations import Citation
from every_eval.hub.hub import Snapshot
from every_eval.hub.markdown import escaped
from every_eval.scoring.presentation.public_names import public_name
from every_eval.sources.source import Source

TOP_ROWS: Final = 5
"""Models of each leaderboard that the card shows, by rank."""
HEADER: Final = (
    "rank",
    "bounds",
    "model",
    "deployment",
    "mean win rate",
    "bounds",
    "adjusted score",
    "95 %",
    "scenarios",
)
INTRODUCTION: Final = """This dataset holds statistics and leaderboards over the evaluation results in
[{data_repo}](https://huggingface.co/datasets/{data_repo}). Every Eval recomputes the statistics from single outputs and
compares them with the numbers that the authors of the evaluations report.

The folder `latest/` holds the newest tables. The files `comprehensive_stats_*.parquet` beside it hold the same table as
of earlier moments, in UTC. The title of a commit names the commit of the data repo that the scores were made from. The
metadata of each file holds `data_fingerprint`, a digest of that data."""

ANSWERS: Final = """This query leads from a row of the leaderboard to the prompts and answers behind it:

```sql
-- DuckDB
SELECT stats.run, stats.metric_name, stats.mean_score, answers.instance_id, answers.train_trial_index,
       answers.prompt, answers.output, answers.ground_truth, answers.evaluation_score
FROM '{leaderboard}' board
JOIN '{statistics}' stats USING (source, benchmark, release, model_name)
JOIN '{samples}' answers USING (benchmark, suite, run, split)
WHERE board.benchmark = '{benchmark}' AND board.rank = 1 AND stats.is_main_metric AND stats.perturbation IS NULL
  AND board.model_deployment IS NOT DISTINCT FROM stats.model_deployment AND answers.perturbation IS NULL
  AND list_contains(answers.releases, board.release);
```"""


@dataclass(frozen=True)
class ScoresCard:
    """Renders the card of the scores repo."""

    repo: str
    """Name of the scores repo."""
    data_repo: str
    sources: Sequence[Source]
    """All sources whose scores are in the repo, in the order in which the card shows them."""

    def render(self, source: Source, leaderboard: pa.Table, n_rows: Mapping[Table, int], head: Snapshot) -> bytes:
        """Return the card's bytes, as of the commit that adds the scores of a source to `head`.

        Args:
            source: Source whose scores are added.
            leaderboard: Leaderboard of the source.
            n_rows: Number of rows of each of the source's tables.
            head: Commit that holds the scores of the other sources.

        A table without rows is no config of the card: `datasets` would fail to load it.
        """
        latest = {latest_path(table, source.name): table for table in n_rows}
        rows_of, boards = Counter(n_rows), [leaderboard]
        for path, (table, file) in self._others(head, latest).items():
            latest[path] = table
            rows_of[table] += pq.read_metadata(file).num_rows
            boards += [read_table(LEADERBOARD, [file])] if table is LEADERBOARD else []
        shown = {table.name: table for table in latest.values() if rows_of[table] or not rows_of.total()}
        configs = [
            Config(name, table, sorted(path for path in latest if latest[path] is table))
            for name, table in sorted(shown.items())
        ]
        rows = pa.concat_tables(boards).to_pylist()
        rows.sort(key=lambda row: (self._order(row["source"]), row["benchmark"]))
        card = Card(
            title="Every Eval Score Ever",
            repo=self.repo,
            introduction=INTRODUCTION.format(data_repo=self.data_repo),
            configs=sorted(configs, key=lambda config: config.contract is not LEADERBOARD),
            sections=[
                *(Section(config.contract, ", ".join(config.patterns)) for config in configs),
                Section(STATE, "state/*/[0-9]*.parquet"),
            ],
            contents="\n\n".join([*self._pictures(rows), *_top_tables(rows), _row_counts(rows_of)]),
            n_rows=rows_of.total(),
            queries=self._answers(_biggest_benchmark(rows)) if rows else "",
            citations=self._citations({source.name, *(row["source"] for row in rows)}),
        )
        return card.render()

    def _citations(self, names: Collection[str]) -> list[Citation]:
        """Return the citations of some sources."""
        return [source.citation for source in self.sources if source.citation and source.name in names]

    def _order(self, name: str) -> int:
        """Return the position of a source among all sources."""
        return [source.name for source in self.sources].index(name)

    def _others(self, head: Snapshot, own: Mapping[str, Table]) -> dict[str, tuple[Table, Path]]:
        """Return the newest tables of the other sources, by path, each with its fetched file."""
        known = {
            latest_path(table, source.name): table
            for source in self.sources
            for table in {*own.values(), *source.published_contracts}
        }
        return {path: (known[path], head.fetch(path)) for path in sorted(known.keys() & head.files.keys() - own.keys())}

    def _pictures(self, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        """Yield the picture of each source's leaderboard, as Markdown; a leaderboard without rows has no picture."""
        for name in sorted({row["source"] for row in rows}, key=self._order):
            yield (
                f"![Leaderboard of {name}, with bounds and 95 % confidence intervals]({picture_path(name)})\n\n"
                f"For spreadsheets, the leaderboard of {name} is also [a CSV file]({csv_path(name)}). A text that a "
                "spreadsheet would run as a formula has an apostrophe in front."
            )

    def _answers(self, row: Mapping[str, Any]) -> str:
        """Return an example query for the benchmark of a row of the leaderboard."""
        source, benchmark = row["source"], row["benchmark"]
        return ANSWERS.format(
            leaderboard=address_of(self.repo, latest_path(LEADERBOARD, source)),
            statistics=address_of(self.repo, latest_path(COMPREHENSIVE_STATS, source)),
            samples=address_of(self.data_repo, shard_pattern(SAMPLES, folder_name(source, benchmark))),
            benchmark=" ".join(benchmark.replace("'", "''").split()),
        )


def _biggest_benchmark(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return a row of the benchmark with most scored instances over all models; of equals, of the first benchmark."""
    sizes: Counter[tuple[str, str]] = Counter()
    for row in rows:
        sizes[row["source"], row["benchmark"]] += row["n_scored"] or 0
    return max(rows, key=lambda row: sizes[row["source"], row["benchmark"]])


def _top_tables(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the first rows of each benchmark's leaderboard, as Markdown."""
    for (source, benchmark), group in groupby(rows, key=lambda row: (row["source"], row["benchmark"])):
        board = list(group)
        best = [_top_row(row) for row in board if row["rank"] is not None and row["rank"] <= TOP_ROWS]
        release = escaped(str(board[0]["release"]))
        yield (
            f"**{escaped(benchmark)}** ({source}), release {release}, {len(board)} models:\n\n"
            + markdown_table(HEADER, best)
        )


def _row_counts(rows_of: Mapping[Table, int]) -> str:
    """Return the number of rows of each table that has rows, as Markdown."""
    counts = sorted((table.name, f"{number:,}") for table, number in rows_of.items() if number)
    return markdown_table(("table", "rows"), counts)


def _top_row(row: Mapping[str, Any]) -> list[object]:
    deployment = row["model_deployment"]
    values = [_interval(row, column) for column in ("mean_win_rate", "adjusted_score")]
    bounds = "" if row["rank_low"] is None else f"{row['rank_low']} to {row['rank_high']}"
    names = [public_name(name) if name else None for name in (row["display_name"] or row["model_name"], deployment)]
    scenarios = f"{row['n_scenarios']} of {row['n_scenarios_total']}"
    return [row["rank"], bounds, *names, *values[0], *values[1], scenarios]


def _interval(row: Mapping[str, Any], column: str) -> tuple[str, str]:
    value, low, high = (row[name] for name in (column, f"{column}_low", f"{column}_high"))
    return "" if value is None else f"{value:.3f}", "" if low is None or high is None else f"{low:.3f} to {high:.3f}"
