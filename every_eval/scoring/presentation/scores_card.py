"""The scores repo's card, with the top of the leaderboard in it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.parquet import read_table
from every_eval.contracts.repo_layout import folder_name, latest_path, shard_pattern
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.state import STATE
from every_eval.contracts.table import Table
from every_eval.hub.cards import CARD, Card, Config, Section, address_of, markdown_table
from every_eval.hub.hub import Add, Snapshot
from every_eval.sources import SOURCES

TOP_ROWS = 5
DATA_REPO = "evaleval/every_eval_ever"
HEADER = ("rank", "model", "deployment", "mean win rate", "95 %", "mean score", "95 %", "scenarios")
INTRODUCTION = """Statistics and leaderboards over the results in
[{data_repo}](https://huggingface.co/datasets/{data_repo}), recomputed from single outputs and compared with what the
evaluations' authors report. `latest/` holds the newest tables; the `comprehensive_stats_*.parquet` beside it are
the same as of one moment each, in UTC. The title of a commit names the commit of the data that it was made from; the
metadata of its files holds a digest of that data, `data_fingerprint`."""

ANSWERS = """From a row of the leaderboard to the prompts and answers behind it, scenario by scenario:

```sql
-- DuckDB
SELECT stats.run, stats.metric_name, stats.mean_score, answers.instance_id, answers.train_trial_index,
       answers.prompt, answers.output, answers.ground_truth, answers.evaluation_score
FROM '{leaderboard}' board
JOIN '{statistics}' stats USING (source, benchmark, release, model_name)
JOIN '{samples}' answers USING (benchmark, suite, run, split)
WHERE board.benchmark = '{benchmark}' AND board.rank = 1 AND stats.is_main_metric AND stats.perturbation IS NULL
  AND board.model_deployment IS NOT DISTINCT FROM stats.model_deployment AND answers.perturbation IS NULL;
```"""


def card_add(
    repo: str,
    source: str,
    leaderboard: pa.Table,
    *,
    head: Snapshot | None = None,
    data_repo: str = DATA_REPO,
    n_rows: Mapping[Table, int],
) -> Add:
    """The card once a source's newest tables, of `n_rows` each, lie on `head` beside those of other sources.

    A table without rows is no config: `datasets` would fail to load it.
    """
    latest = {latest_path(table, source): table for table in n_rows}
    rows_of = Counter(n_rows)
    boards = [leaderboard]
    for path, (table, file) in _others(head, latest).items() if head else ():
        latest[path] = table
        rows_of[table] += pq.read_metadata(file).num_rows
        boards += [read_table(LEADERBOARD, [file])] if table is LEADERBOARD else []
    full = {table.name: table for table in latest.values() if rows_of[table] or not rows_of.total()}
    configs = [
        Config(name, table, sorted(path for path in latest if latest[path] is table))
        for name, table in sorted(full.items())
    ]
    rows = sorted(pa.concat_tables(boards).to_pylist(), key=lambda row: (_place(row["source"]), row["benchmark"]))
    card = Card(
        title="Every Eval Score Ever",
        repo=repo,
        introduction=INTRODUCTION.format(data_repo=data_repo),
        configs=sorted(configs, key=lambda config: config.contract is not LEADERBOARD),
        sections=[
            *(Section(config.contract, ", ".join(config.patterns)) for config in configs),
            Section(STATE, shard_pattern(STATE, "*")),
        ],
        contents="\n\n".join([*_tops(rows), _counts(rows_of)]),
        n_rows=rows_of.total(),
        queries=_answers(repo, data_repo, rows[0]) if rows else "",
        sources=sorted({source, *(row["source"] for row in rows)}, key=_place),
    )
    return Add(CARD, card.render())


def _place(source: str) -> int:
    """Where a source stands among all."""
    return [one.name for one in SOURCES].index(source)


def _others(head: Snapshot, own: Mapping[str, Table]) -> dict[str, tuple[Table, Path]]:
    """The newest files of other sources, by path, each fetched."""
    known = {
        latest_path(table, source.name): table
        for source in SOURCES
        for table in {*own.values(), *source.published_contracts}
    }
    return {path: (known[path], head.fetch(path)) for path in sorted(known.keys() & head.files.keys() - own.keys())}


def _tops(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The first rows of each benchmark's leaderboard."""
    for (source, benchmark), group in groupby(rows, key=lambda row: (row["source"], row["benchmark"])):
        board = list(group)
        best = [_top_row(row) for row in board if row["rank"] is not None and row["rank"] <= TOP_ROWS]
        yield (
            f"**{benchmark}** ({source}), release {board[0]['release']}, {len(board)} models:\n\n"
            + markdown_table(HEADER, best)
        )


def _counts(rows_of: Mapping[Table, int]) -> str:
    """How many rows each table has."""
    counts = sorted((table.name, f"{number:,}") for table, number in rows_of.items())
    return markdown_table(("table", "rows"), counts)


def _top_row(row: Mapping[str, Any]) -> list[object]:
    values = [_interval(row, column) for column in ("mean_win_rate", "mean_score")]
    name = row["display_name"] or row["model_name"]
    scenarios = f"{row['n_scenarios']} of {row['n_scenarios_total']}"
    return [row["rank"], name, row["model_deployment"], *values[0], *values[1], scenarios]


def _interval(row: Mapping[str, Any], column: str) -> tuple[str, str]:
    value, low, high = (row[name] for name in (column, f"{column}_low", f"{column}_high"))
    return "" if value is None else f"{value:.3f}", "" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def _answers(repo: str, data_repo: str, row: Mapping[str, Any]) -> str:
    source, benchmark = row["source"], row["benchmark"]
    latest = {table: latest_path(table, source) for table in (LEADERBOARD, COMPREHENSIVE_STATS)}
    return ANSWERS.format(
        leaderboard=address_of(repo, latest[LEADERBOARD]),
        statistics=address_of(repo, latest[COMPREHENSIVE_STATS]),
        samples=address_of(data_repo, shard_pattern(SAMPLES, folder_name(source, benchmark))),
        benchmark=benchmark,
    )
