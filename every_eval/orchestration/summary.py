"""The end of a run's log: what is published, what the checks found, where the files are, and the leaderboard."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import dagster as dg
import pyarrow as pa

from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.rejects import REJECTS
from every_eval.contracts.repo_layout import SHARD_TABLES, latest_path
from every_eval.orchestration.asset_keys import SHARD_CHECKS
from every_eval.orchestration.data_repo import DataRepo
from every_eval.orchestration.ingestion_steps import data_repo
from every_eval.orchestration.resources import HubResource, hub_resource
from every_eval.orchestration.time_limit import Context
from every_eval.settings import HUGGING_FACE
from every_eval.sources.source import Source

if TYPE_CHECKING:
    from every_eval.scoring.scorer import Scored

TOP_ROWS: Final = 5
"""Rows of each benchmark's leaderboard that the log shows."""
HEADERS: Final = {
    "benchmark": "benchmark",
    "rank": "rank",
    "display_name": "model",
    "model_deployment": "deployment",
    "mean_win_rate": "win rate",
    "mean_score": "score",
    "n_scenarios": "scenarios",
}
"""Columns of the leaderboard that the log shows, with their headers."""


def log_summary(context: Context, sources: Sequence[Source], scored: "Mapping[str, Scored] | None" = None) -> None:
    """Log what is published of the sources.

    Args:
        context: The context of the last step.
        sources: Sources that the run worked on.
        scored: What scoring did, by the source's name; null if the run scores nothing.
    """
    hub, done = hub_resource(context.resources), scored or {}
    lines = ["Summary"]
    for source in sources:
        lines += _data_lines(data_repo(context, source))
        if source.name in done:
            lines.append(f"  {source.name} scores: {_scored_text(done[source.name])}")
    lines.append(f"  checks: {_checks_text(context)}")
    lines += _places(context, hub, [source for source in sources if source.name in done])
    for each in done.values():
        lines += _leaderboard_lines(each.leaderboard)
    context.log.info("\n".join(lines))


def _data_lines(repo: DataRepo) -> list[str]:
    rows = ", ".join(f"{repo.n_rows(table):,} {table.name}" for table in SHARD_TABLES if table is not REJECTS)
    name, rejects = repo.source.name, repo.n_rows(REJECTS)
    return [
        f"  {name} shards: {len(repo.fingerprints)} published",
        f"  {name} rows: {rows}",
        f"  {name} rejects: {rejects:,} files or rows could not be read" + (", see rejects/" if rejects else ""),
    ]


def _scored_text(scored: "Scored") -> str:
    if not scored.is_new:
        return "nothing new"
    return f"new, from {len(scored.fetched.shards)} shards read now and {scored.shards_total} published"


def _checks_text(context: Context) -> str:
    """Count the results of the run's checks, and name those that failed."""
    entries = context.instance.all_logs(context.run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    found = {}
    for entry in entries:
        if entry.dagster_event is not None:
            result = entry.dagster_event.asset_check_evaluation_data
            if not result.check_name.startswith(SHARD_CHECKS):
                found[f"{result.asset_key.to_user_string()} {result.check_name}"] = result
    failed = [name for name, result in found.items() if not result.passed and result.severity.value == "ERROR"]
    warned = [name for name, result in found.items() if not result.passed and name not in failed]
    return f"{len(found) - len(failed) - len(warned)} passed, {_named(failed)} failed, {_named(warned)} warned"


def _named(names: Sequence[str]) -> str:
    return f"{len(names)} ({', '.join(names)})" if names else "0"


def _places(context: Context, hub: HubResource, scored: Iterable[Source]) -> list[str]:
    opened = hub.open()
    lines = [f"  data: {opened.location(hub.data)}"]
    lines += [
        f"  {source.name} leaderboard: {opened.location(hub.scores, latest_path(LEADERBOARD, source.name))}"
        for source in scored
    ]
    home = context.instance.root_directory
    return [
        *lines,
        *_page_lines(hub),
        f"  to look at them: pandas.read_parquet reads a file; `DAGSTER_HOME={home} dg dev` opens the UI",
    ]


def _page_lines(hub: HubResource) -> list[str]:
    """Say where the page is, or how to show it on this machine."""
    if hub.page is None:
        return []
    if hub.place == HUGGING_FACE:
        return [f"  page: {hub.open().location(hub.page)}"]
    return ["  page: `python -m every_eval.page` shows it in the browser"]


def _leaderboard_lines(leaderboard: pa.Table) -> list[str]:
    """Render the first rows of each benchmark's leaderboard as a text table."""
    from tabulate import tabulate

    rows = leaderboard.select([*HEADERS]).to_pylist()
    cells = [[*map(_cell, row.values())] for row in rows if row["rank"] is not None and row["rank"] <= TOP_ROWS]
    return ["", *tabulate(cells, [*HEADERS.values()], disable_numparse=True).splitlines()] if cells else []


def _cell(value: Any) -> str:  # noqa: ANN401 - a cell of any type
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
