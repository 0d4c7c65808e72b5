"""A year of running: `python -m every_eval_tests.chaos.year [--weeks 52] [--seed 0]` prints what each week costs.

Each week the corpus grows, changes or loses a run; every fourth week nothing happens, and every third week the bucket
and the Hub have faults. Monday's weekly job ingests what is new, and the daily job runs on each of the seven days. Both
read from a bucket and publish to a Hub: servers on the loopback interface that count requests and bytes.
"""

import argparse
import logging
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from huggingface_hub import constants

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.parquet import read_table
from every_eval.contracts.repo_layout import dated_paths, latest_path
from every_eval.hub.hub import Hub
from every_eval.hub.huggingface.hugging_face_hub import HuggingFaceHub
from every_eval.ingestion.whole_shards import listing_doubt
from every_eval.scoring.scorer import Scorer
from every_eval.scoring.scores_listing import scores_listing_doubt
from every_eval.sources.helm.source import HelmSource
from every_eval.storage.folder import FolderStorage
from every_eval_tests.chaos import test_hub_faults, test_storage_faults
from every_eval_tests.chaos.attacks import KINDS_OF_CHANGE, RunRowsByTable, change_root, rows_of_runs
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.hub import hub_server
from every_eval_tests.hub.faults import Fault
from every_eval_tests.hub.hub_server import TOKEN, HubServer, serving
from every_eval_tests.hub.hubs import NOON, REPO
from every_eval_tests.ingestion.buckets import objects_of, publishing_from
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.ingestion.upstream import small_root
from every_eval_tests.storage.bucket_server import LISTING, BucketServer

SCORES: Final = "evaleval/every_eval_score_ever"
DATED_FILES: Final = 30
"""Number of dated files that the scores repo keeps."""
SHARD_BYTES: Final = 400_000
"""Input bytes of a shard: a few runs."""
MAX_TRIES: Final = 40
"""Attempts at a job in a week with faults."""
_NOT_COMPARED: Final = {
    *("shard", "rank", "n_ranked"),
    *("processed_at", "comprehensive_stats_generated_at", "data_freshness_hours"),
}
"""Columns of scores that depend on when a run was ingested, or on runs that are withdrawn."""


@dataclass
class Week:
    """What one week cost."""

    week: int
    n_changed: int
    """Number of runs that were added, changed or taken away."""
    has_faults: bool
    n_runs: int
    """Number of runs that the corpus has."""
    cpu_seconds: float = 0.0
    bucket_requests: int = 0
    hub_requests: int = 0
    commits: int = 0
    """Commits of both repos."""
    data_bytes: int = 0
    """Size of the files of the data repo that are new or changed, in bytes."""
    scores_bytes: int = 0
    """The same of the scores repo."""
    scores_files: int = 0
    """Number of files of the scores repo."""


@dataclass
class Year:
    """A bucket, a Hub and the two jobs, week after week."""

    root: HelmRoot
    folder: Path
    dice: random.Random
    bucket: BucketServer
    server: HubServer
    weeks: list[Week] = field(default_factory=list)

    def hub(self) -> Hub:
        """Return the Hub as a new process opens it."""

        def doubt(repo: str, snapshot: Any) -> str | None:
            return listing_doubt(snapshot) if repo == REPO else scores_listing_doubt(snapshot)

        return HuggingFaceHub(TOKEN, self.server.url, self.folder / "cache", lambda _: None, doubt)

    def publishing(self) -> Publishing:
        """Return the weekly job as a new process starts it."""
        return replace(publishing_from(self.bucket, self.folder / "unused", SHARD_BYTES), hub=self.hub())

    def run(self, number: int) -> Week:
        """Change the corpus, run the jobs of a week, and note what they cost."""
        n_changed = 0 if number % 4 == 3 else self.dice.randrange(1, 4)
        for change in range(n_changed):
            kinds = ("add",) if change == 0 else KINDS_OF_CHANGE
            change_root(self.root, self.dice, 10 * number + change, kinds)
        for name, content in (found := objects_of(FolderStorage(self.root.path))).items():
            if self.bucket.objects.get(name) != content:
                self.bucket.put(name, content)
        for name in self.bucket.objects.keys() - found.keys():
            del self.bucket.objects[name]
        week = Week(number, n_changed, number % 3 == 1, len(self.root.runs()))
        if week.has_faults:
            self._plan_faults()
        self._count(week, sign=-1)
        self._attempt(self._weekly)
        for day in range(7):
            self._attempt(lambda day=day: self._daily(7 * number + day))
            self._heal()
        self._count(week, sign=1)
        self.weeks.append(week)
        return week

    def _weekly(self) -> None:
        publishing = self.publishing()
        [found] = publishing.discover()
        if found.error is not None:
            raise found.error
        for outcome in publishing.ingest(publishing.to_do()):
            if outcome.error is not None:
                raise outcome.error

    def _daily(self, day: int) -> None:
        source, moment = HelmSource(), NOON + timedelta(days=day)
        scored = Scorer(source, [source], self.hub(), REPO, SCORES, lambda: moment, str, dated_files=DATED_FILES).run()
        assert not scored.left_out

    def _attempt(self, job: Any) -> None:
        for _ in range(MAX_TRIES):
            try:
                job()
            except Exception:
                if not (self.server.faults or self.bucket._faults):
                    raise
                if self.dice.random() < 0.2:
                    self._heal()
            else:
                return
        raise AssertionError(f"{MAX_TRIES} attempts were not enough")

    def _plan_faults(self) -> None:
        for _ in range(10):
            name = self.dice.choice([*self.bucket.objects, LISTING, LISTING, "*"])
            self.bucket.spoil(name, self.dice.choice(test_storage_faults.KINDS)(self.dice), self.dice.choice([1, 1, 9]))
            step, kind = self.dice.choice(test_hub_faults.STEPS), self.dice.choice(test_hub_faults.KINDS)
            self.server.faults.append(Fault(step, times=self.dice.choice([1, 1, 7]), **kind))

    def _heal(self) -> None:
        self.server.faults.clear()
        self.bucket.heal()

    def _count(self, week: Week, sign: int) -> None:
        """Add the counters, or take them off before the week."""
        week.cpu_seconds += sign * time.process_time()
        week.bucket_requests += sign * len(self.bucket.requests)
        week.hub_requests += sign * len(self.server.requests)
        week.commits += sign * sum(len(commits) for commits in self.server.repos.values())
        week.data_bytes += sign * self._written(REPO)
        week.scores_bytes += sign * self._written(SCORES)
        heads = [commits[-1] for repo, commits in self.server.repos.items() if repo == SCORES]
        week.scores_files = len(heads[0].files) if heads else 0

    def _written(self, repo: str) -> int:
        """Return the size of all files that the repo's commits have added or changed."""
        n_bytes, before = 0, dict[str, Any]()
        for commit in self.server.repos.get(repo, ()):
            n_bytes += sum(
                len(blob.content)
                for path, blob in commit.files.items()
                if before.get(path) is not blob and (path not in before or before[path].content != blob.content)
            )
            before = commit.files
        return n_bytes

    def outcome(self) -> tuple[RunRowsByTable, Mapping[str, Any]]:
        """Return the rows and the scores of the runs that the corpus has."""
        return rows_of_runs(self.publishing(), self.root), _scores(self.hub(), self.root)

    def fresh_outcome(self) -> tuple[RunRowsByTable, Mapping[str, Any]]:
        """Return the same of a first run over the corpus as it is."""
        publishing = Publishing.of(self.root.path, self.folder / "fresh", shard_bytes=SHARD_BYTES)
        publishing.refresh()
        source = HelmSource()
        Scorer(source, [source], publishing.hub, REPO, SCORES, lambda: NOON, str).run()
        return rows_of_runs(publishing, self.root), _scores(publishing.hub, self.root)

    def dated(self) -> list[str]:
        """Return the dated files of the scores repo."""
        return dated_paths(COMPREHENSIVE_STATS, "helm", self.server.repos[SCORES][-1].files)


def _scores(hub: Hub, root: HelmRoot) -> Mapping[str, Any]:
    """Return the rows of comprehensive_stats of the runs that the corpus has, by run, without what may differ."""
    present = {folder.name for folder in root.runs()}
    file = hub.snapshot(SCORES).fetch(latest_path(COMPREHENSIVE_STATS, "helm"))
    found: dict[str, list[Any]] = {}
    for row in read_table(COMPREHENSIVE_STATS, [file]).to_pylist():
        if row["run"] in present:
            kept = {name: value for name, value in row.items() if name not in _NOT_COMPARED}
            found.setdefault(row["run"], []).append(kept)
    return found


@contextmanager
def a_year(folder: Path, seed: int) -> Iterator[Year]:
    """Open the servers of a year."""
    with pytest.MonkeyPatch.context() as patch, serving(lambda: NOON) as server, BucketServer({}) as bucket:
        patch.setenv("HF_HUB_DISABLE_XET", "1")
        patch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        patch.setattr(hub_server, "PAGE", 1000)  # as many as on the real Hub
        yield Year(small_root(folder / "root"), folder, random.Random(seed), bucket, server)


def main() -> None:
    """Print what each week costs, and whether the end is what a fresh run gives."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=int, default=52, help="number of weeks")
    parser.add_argument("--seed", type=int, default=0, help="seed of the changes and faults")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder, a_year(Path(folder), options.seed) as year:
        for number in range(options.weeks):
            figures = asdict(year.run(number))
            if number == 0:
                sys.stdout.write(" | ".join(figures) + "\n")
            sys.stdout.write(
                " | ".join(f"{v:.2f}" if isinstance(v, float) else str(v) for v in figures.values()) + "\n"
            )
            sys.stdout.flush()
        is_equal = year.outcome() == year.fresh_outcome()
        sys.stdout.write(f"The rows {'equal' if is_equal else 'DIFFER FROM'} those of a fresh run over the end.\n")
        sys.exit(not is_equal)


if __name__ == "__main__":
    main()
