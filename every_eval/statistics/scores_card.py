"""The scores repo's card, with the top of the leaderboard in it."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from every_eval.contracts.state import STATE
from every_eval.contracts.table import Table
from every_eval.hub.cards import CARD, Card, Section
from every_eval.hub.hub import Add

TOP_ROWS = 5
INTRODUCTION = """Statistics and leaderboards over the results in
[every_eval_ever](https://huggingface.co/datasets/evaleval/every_eval_ever), recomputed from single outputs and compared
with what the evaluations' authors report."""


def card_add(repo: str, source: str, tables: Sequence[Table], leaderboard: pa.Table) -> Add:
    """The card of the source's latest tables."""
    latest = {table.name: f"latest/{latest_name(table, source)}" for table in tables}
    card = Card(
        title="Every Eval Score Ever",
        introduction=INTRODUCTION,
        configs=latest,
        sections=[*(Section(table, latest[table.name]) for table in tables), Section(STATE, "state/*/*.parquet")],
        contents="\n\n".join(_tops(leaderboard)),
        repo=repo,
    )
    return Add(CARD, card.render())


def latest_name(table: Table, source: str) -> str:
    """Name of a table's newest file; helm_tables bears its source's name already."""
    return f"{table.name}.parquet" if table.name.startswith(f"{source}_") else f"{table.name}_{source}.parquet"


def _tops(leaderboard: pa.Table) -> Iterator[str]:
    """The first rows of each benchmark's leaderboard."""
    rows = leaderboard.to_pylist()
    for benchmark in dict.fromkeys(row["benchmark"] for row in rows):
        best = [row for row in rows if row["benchmark"] == benchmark and (row["rank"] or TOP_ROWS + 1) <= TOP_ROWS]
        lines = ["| rank | model | mean win rate | mean score |", "|---|---|---|---|"]
        for row in best:
            name = row["display_name"] or row["model_name"] or ""
            numbers = (
                "" if row[column] is None else f"{row[column]:.3f}" for column in ("mean_win_rate", "mean_score")
            )
            lines.append(f"| {row['rank']} | {name} | {' | '.join(numbers)} |")
        yield f"**{benchmark}**, release {best[0]['release'] if best else 'none'}\n\n" + "\n".join(lines)
