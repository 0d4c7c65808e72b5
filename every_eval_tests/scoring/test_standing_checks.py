"""What the checks found stays known, run after run, as long as it is published."""

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from every_eval.contracts.checks import CHECKS
from every_eval.contracts.parquet import read_table, write_table
from every_eval.contracts.releases import RELEASES
from every_eval.hub.hub import Add
from every_eval.scoring.scorer import Scored, Scorer
from every_eval.scoring.standing_checks import standing_checks
from every_eval.sources.helm.source import HelmSource
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval_tests.hub.hubs import NOON, REPO, commit_on_head
from every_eval_tests.ingestion.publishing import Publishing

HELM = HelmSource()
SCORES = "owner/scores"


@pytest.fixture
def published(tmp_path: Path) -> Publishing:
    """HELM's sample of lite in one shard; a cell of each of its two releases is published with a wrong value."""
    published = Publishing.of(ArchiveStorage(HELM_SAMPLE), tmp_path / "hub", shard_bytes=1 << 40)
    published.refresh("lite")
    path = "releases/helm_lite.parquet"
    rows = read_table(RELEASES, [published.hub.snapshot(REPO).fetch(path)]).to_pylist()
    for row in rows:
        next(cell for cell in row["cells"] if cell["value"])["value"] *= 2
    file = write_table(RELEASES, tmp_path / "releases", pa.Table.from_pylist(rows, schema=RELEASES.schema))
    commit_on_head(published.hub, Add(path, file))
    return published


def score(published: Publishing, days: int, *, older: bool = False, force: bool = False) -> Scored:
    clock = lambda: NOON + timedelta(days=days)  # noqa: E731
    return Scorer(HELM, [HELM], published.hub, REPO, SCORES, clock, str, force=force, older_releases=older).run()


def wrong_releases(published: Publishing) -> set[str]:
    """Releases with a cell that is known to be wrong."""
    file = published.hub.snapshot(SCORES).fetch("latest/checks_helm.parquet")
    rows = read_table(CHECKS, [file]).to_pylist()
    return {row["release"] for row in rows if row["check"] == "published_cells" and row["n_problems"]}


def test_a_fault_is_found_again_by_a_run_that_finds_nothing_new(published: Publishing) -> None:
    made, found = score(published, 0), score(published, 1)

    assert (made.is_new, found.is_new) == (True, False)
    assert made.cells is not None and not made.cells.passed and made.cells.n_compared > 10
    assert found.cells == made.cells
    assert [check.name for check in found.checks] == [check.name for check in made.checks if check.name != "size"]
    assert all(check.passed for check in found.checks)
    standing = standing_checks(published.hub.snapshot(SCORES), HELM)
    assert (standing.cells, list(standing.validation)) == (found.cells, list(found.checks))
    assert standing.disagreements is not None and standing.disagreements.num_rows >= made.cells.n_problems


def test_what_was_found_in_older_releases_is_remembered_by_runs_that_do_not_recompute_them(
    published: Publishing,
) -> None:
    score(published, 0)
    assert wrong_releases(published) == {"v1.1.0"}
    score(published, 1, older=True, force=True)
    assert wrong_releases(published) == {"v1.0.0", "v1.1.0"}
    score(published, 2, force=True)
    assert wrong_releases(published) == {"v1.0.0", "v1.1.0"}


def test_before_anything_is_published_nothing_stands(published: Publishing) -> None:
    standing = standing_checks(published.hub.snapshot(SCORES), HELM)

    assert (standing.validation, standing.cells, standing.disagreements) == ([], None, None)
