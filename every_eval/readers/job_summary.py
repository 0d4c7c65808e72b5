"""Summarise in Markdown what a job published: what it read, what it rejected, and the top of the leaderboards.

    python -m every_eval.readers.job_summary before.json    before the job: note what is published
    python -m every_eval.readers.job_summary before.json    after the job: write the summary to the output

The summary is made of the published files, so it also holds for a job that failed or was stopped.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import msgspec

from every_eval.contracts.catalog import CATALOG, State
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.shards import SHARDS
from every_eval.contracts.table import Table
from every_eval.hub.cards import count_bytes, markdown_table
from every_eval.hub.markdown import escaped
from every_eval.readers.published import Published, PublishedRepo, open_published
from every_eval.scoring.presentation.public_names import public_name

TOP_ROWS: Final = 5
"""Models of each leaderboard that the summary shows, by rank."""
MAX_PLACES: Final = 20
"""Places of rejects that the summary shows; all rejects are counted."""

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Noted:
    """What was published before a job."""

    data_commit: str | None
    scores_commit: str | None
    shards: Mapping[str, str]
    """Fingerprint of each shard."""


def note(published: Published) -> Noted:
    """Return what is published."""
    shards = {row["shard"]: row["fingerprint"] for row in _rows(published, SHARDS, ["shard", "fingerprint"])}
    return Noted(published.data.commit, published.scores.commit, shards)


def summarise(published: Published, before: Noted) -> str:
    """Return what is published now and was not published before, as Markdown."""
    shards = [row for row in _rows(published, SHARDS) if before.shards.get(row["shard"]) != row["fingerprint"]]
    runs = _rows(published, CATALOG, ["source", "benchmark", "shard", "state", "n_bytes"])
    parts = [
        "## What this job published",
        _repo_line("Rows", published.data, before.data_commit),
        _repo_line("Scores", published.scores, before.scores_commit),
        *_read(shards, runs, before),
        *_rejected(shards),
        *_top(published),
    ]
    return "\n\n".join(parts) + "\n"


def _rows(published: Published, table: Table, columns: Sequence[str] | None = None) -> Rows:
    rows: list[dict[str, Any]] = published.read(table, columns).to_pylist()
    return rows


def _repo_line(what: str, repo: PublishedRepo, before: str | None) -> str:
    if repo.commit == before:
        return f"{what}: nothing new in {repo.repo}."
    return f"{what}: {repo.repo} is now at commit {(repo.commit or 'none')[:12]}."


def _read(shards: Rows, runs: Rows, before: Noted) -> Iterator[str]:
    """Yield a table of each benchmark's new and changed shards, and of its runs."""
    header = ("benchmark", "shards new", "changed", "runs read", "input", "samples", "metrics", "statistics", "rejects")
    lines, read = [], {row["shard"] for row in shards}
    for (source, benchmark), group in groupby(shards, key=_benchmark):
        made = list(group)
        n_changed = sum(row["shard"] in before.shards for row in made)
        sizes = [run["n_bytes"] for run in runs if _benchmark(run) == (source, benchmark) and run["shard"] in read]
        totals = [f"{sum(row[f'n_{name}'] for row in made):,}" for name in ("samples", "metrics", "stats", "rejects")]
        counts = (len(made) - n_changed, n_changed, len(sizes), count_bytes(sizes), *totals)
        lines.append((f"{benchmark} ({source})", *counts))
    if lines:
        yield markdown_table(header, lines)
    if waiting := sum(run["shard"] is None for run in runs):
        yield f"{waiting:,} runs wait for a later job."
    withdrawn = sum(run["state"] == State.WITHDRAWN for run in runs)
    yield f"The catalog holds {len(runs):,} runs; their sources have withdrawn {withdrawn:,} of them."


def _rejected(shards: Rows) -> Iterator[str]:
    """Yield the reasons of the rejects of new and changed shards, with the first places."""
    lines = [
        (row["benchmark"], item["reason"], item["n"], public_name(place))
        for row in shards
        for item in row["rejected"]
        for place in item["places"][:1]
    ]
    if lines:
        yield "### Rejects"
        yield markdown_table(("benchmark", "reason", "number", "for example"), lines[:MAX_PLACES])
        if len(lines) > MAX_PLACES:
            yield f"{len(lines) - MAX_PLACES} more reasons of shards are in the folder rejects of the data repo."


def _top(published: Published) -> Iterator[str]:
    """Yield the first rows of each leaderboard."""
    names = ("rank", "model_name", "display_name", "model_deployment", "mean_win_rate", "mean_score")
    rows = [
        row
        for row in _rows(published, LEADERBOARD, ["source", "benchmark", "release", *names])
        if row["rank"] is not None and row["rank"] <= TOP_ROWS
    ]
    for (source, benchmark), group in groupby(rows, key=_benchmark):
        board = list(group)
        title = f"{benchmark} ({source}), release {board[0]['release']}"
        yield f"### Leaderboard: {escaped(public_name(title))}"
        yield markdown_table(("rank", "model", "deployment", "mean win rate", "mean score"), map(_top_row, board))


def _top_row(row: Mapping[str, Any]) -> Sequence[object]:
    scores = ("" if row[name] is None else f"{row[name]:.3f}" for name in ("mean_win_rate", "mean_score"))
    names = (row["display_name"] or row["model_name"], row["model_deployment"])
    return (row["rank"], *(public_name(name or "") for name in names), *scores)


def _benchmark(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["source"], row["benchmark"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Note what is published in the file that the arguments name or, if the file exists, write the summary."""
    parser = argparse.ArgumentParser(prog="every_eval.readers.job_summary", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("before", type=Path, help="file for the note: made before the job, read after the job")
    file = parser.parse_args(arguments).before
    published = open_published()
    if file.exists():
        sys.stdout.write(summarise(published, msgspec.json.decode(file.read_bytes(), type=Noted)))
    else:
        file.write_bytes(msgspec.json.encode(note(published)))


if __name__ == "__main__":
    main()
