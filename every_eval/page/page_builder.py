"""Build every file of the page from the published tables, and publish those that changed in the page's own repo."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.helm_tables import HELM_TABLES
from every_eval.contracts.parquet import write_table
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.repo_layout import benchmark_path, folder_name, latest_path
from every_eval.contracts.scenario_scores import SCENARIO_SCORES
from every_eval.contracts.shards import SHARDS
from every_eval.hub.cards import CARD
from every_eval.hub.hub import Add, Change, Delete, Hub, Snapshot, publish
from every_eval.hub.work_folders import work_folder
from every_eval.page.column_docs import column_docs
from every_eval.page.ingestion_dates import DATES, ingestion_dates
from every_eval.page.published_index import files_index, repo_index
from every_eval.page.scenario_scores import READ, SHOWN, scenario_scores
from every_eval.page.site_files import card, site_files
from every_eval.sources.source import Source

CONFIG: Final = "config.json"
"""File that names the two repos, and says from where the page reads them."""


@dataclass(frozen=True)
class PageBuilder:
    """Builds the page of the two repos, as both are now."""

    hub: Hub
    page_repo: str
    data_repo: str
    scores_repo: str
    sources: Sequence[Source]
    """All sources, also those without published scores."""

    def publish(self) -> Snapshot:
        """Publish the page, and return its newest commit; nothing is committed if no file changed.

        Raises:
            HubUnavailable, PublishConflict: the Hub did not answer, or did not accept the commit.
            ConfigurationError: the repo cannot be written to.
        """
        data, scores = self.hub.snapshot(self.data_repo), self.hub.snapshot(self.scores_repo)
        with work_folder() as workdir:
            made = self.files(data, scores, workdir)

            def plan(head: Snapshot) -> Sequence[Change]:
                files = {**made, DATES: _json(ingestion_dates(data, head))}
                gone = sorted(head.files.keys() - files.keys())
                return [*(Add(path, content) for path, content in files.items()), *map(Delete, gone)]

            return publish(self.hub, self.page_repo, f"Page of {self.scores_repo} at {scores.commit}", plan)

    def files(self, data: Snapshot, scores: Snapshot, workdir: Path) -> dict[str, bytes | Path]:
        """Return the content of each file of the page but the dates; tables are written in `workdir`."""
        tables = dict(self._tables(data, scores, workdir))
        return {
            CARD: card(self.data_repo, self.scores_repo),
            **site_files(self.hub.connect_sources()),
            CONFIG: _json(
                {
                    "version": version("every_eval"),
                    "data": self._place(self.data_repo, data),
                    "scores": self._place(self.scores_repo, scores),
                }
            ),
            "columns.json": _json(column_docs()),
            "index/data.json": _json(repo_index(data)),
            "index/scores.json": _json(repo_index(scores)),
            "index/page.json": _json(files_index(tables)),
            **tables,
        }

    def _place(self, repo: str, snapshot: Snapshot) -> Mapping[str, str | None]:
        """Return a repo's name, its commit, and the address that the page reads it from."""
        address = self.hub.read_address(repo, snapshot.commit, self.page_repo)
        location = self.hub.location(repo)
        # A path is of this machine alone.
        shown = location if location.startswith("http") else None
        return {"repo": repo, "commit": snapshot.commit, "address": address, "location": shown}

    def _tables(self, data: Snapshot, scores: Snapshot, workdir: Path) -> Iterator[tuple[str, Path]]:
        """Yield the table `scenario_scores` of each benchmark."""
        for source in self.sources:
            path = latest_path(COMPREHENSIVE_STATS, source.name)
            if path not in scores.files:
                continue
            statistics = pq.read_table(scores.fetch(path), columns=READ, filters=SHOWN)
            cells = _read_cells(scores, source)
            for benchmark in sorted(statistics["benchmark"].unique().to_pylist()):
                folder = folder_name(source.name, benchmark)
                release = _newest_release(data, folder)
                if release is None:
                    continue
                rows = scenario_scores(
                    source.main_columns(release),
                    release["release"],
                    statistics.filter(pc.field("benchmark") == benchmark),
                    cells.filter(pc.field("benchmark") == benchmark).to_pylist(),
                    _rows(data, benchmark_path(SHARDS, folder), ["shard", "runs"]),
                )
                file = write_table(SCENARIO_SCORES, workdir / f"{folder}.parquet", rows)
                yield f"{SCENARIO_SCORES.name}/{folder}.parquet", file


def _read_cells(scores: Snapshot, source: Source) -> pa.Table:
    path = latest_path(HELM_TABLES, source.name)
    if HELM_TABLES not in source.published_contracts or path not in scores.files:
        return HELM_TABLES.empty
    shown = (
        pc.field("perturbation_name").is_null() & (pc.field("table_index") == 0) & pc.field("metric_name").is_valid()
    )
    return pq.read_table(scores.fetch(path), filters=shown)


def _newest_release(data: Snapshot, folder: str) -> Mapping[str, Any] | None:
    names = ["source", "benchmark", "release", "is_newest", "schema_json"]
    return next((row for row in _rows(data, benchmark_path(RELEASES, folder), names) if row["is_newest"]), None)


def _rows(snapshot: Snapshot, path: str, columns: list[str]) -> list[dict[str, Any]]:
    """Return columns of the rows of a published file; none if there is no such file."""
    if path not in snapshot.files:
        return []
    rows: list[dict[str, Any]] = pq.read_table(snapshot.fetch(path), columns=columns).to_pylist()
    return rows


def _json(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n").encode()
