"""Reading runs from a folder and, over HTTP, from the Hub."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from every_eval.contracts.metrics import METRICS
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.errors import ConfigurationError, ContractViolation
from every_eval.export.published_runs import PublishedRuns, Selection
from every_eval.readers.published import Published, open_published
from every_eval_tests.hub.commits import Blob
from every_eval_tests.hub.hub_server import HubServer
from every_eval_tests.hub.hubs import REPO
from every_eval_tests.readers.conftest import Publisher, online  # noqa: F401 - a fixture

ALL = Selection()


def runs(published: Published, selection: Selection = ALL) -> PublishedRuns:
    return PublishedRuns(published, selection, {table: table.schema.names for table in (STATS, SAMPLES, METRICS)})


def test_every_run_comes_once_with_all_of_its_rows(published: Published) -> None:
    found = list(runs(published))
    keys = [(run.source.name, run.stats["benchmark"][0].as_py(), run.suite, run.name) for run in found]
    assert len(set(keys)) == len(keys)
    assert sum(run.metrics.num_rows for run in found) == published.read(METRICS, ["run"]).num_rows
    for run in found:
        for table in (run.stats, run.samples, run.metrics):
            assert set(table["run"].to_pylist()) <= {run.name}
            assert set(table["suite"].to_pylist()) <= {run.suite}


def test_a_run_has_the_newest_release_that_shows_it(published: Published) -> None:
    shown = {(run.suite, run.name): run.release for run in runs(published, Selection("helm", "mmlu"))}
    newest = {key for key, release in shown.items() if release and release.row["is_newest"]}
    assert {release.row["release"] for release in shown.values() if release} == {"v1.0.0", "v1.1.0"}
    assert {suite for suite, _ in newest} >= {"v1.1.0"}


def test_rows_that_stand_in_another_order_are_an_error(hub: Path, tmp_path: Path) -> None:
    for top in ("stats", "metrics", "data", "releases"):
        for file in (hub / REPO / top).rglob("helm_lite*.parquet"):
            target = tmp_path / REPO / file.relative_to(hub / REPO)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    [file, *_] = sorted((tmp_path / REPO / "metrics" / "helm_lite").iterdir())
    rows = pq.read_table(file)
    pq.write_table(rows.take(list(reversed(range(rows.num_rows)))), file)
    with pytest.raises(ContractViolation, match=r"metrics of helm_lite_part_00001: the rows of .* do not stand where"):
        list(runs(open_published(tmp_path)))


def test_the_hub_gives_the_same_rows_as_a_folder(
    hub: Path,
    published: Published,
    online: tuple[Publisher, HubServer],  # noqa: F811 - the fixture
) -> None:
    _, server = online
    files = {path: hub / REPO / path for path in published.data.files if "inspect_main" in path}
    server.commit(REPO, "Publish", {path: Blob(file.read_bytes(), True) for path, file in files.items()})
    remote, local = (
        list(runs(each, Selection("inspect", "main"))) for each in (open_published("huggingface"), published)
    )
    assert [run.name for run in remote] == [run.name for run in local]
    for one, other in zip(remote, local, strict=True):
        assert one.stats.equals(other.stats)
        assert one.samples.equals(other.samples)
        assert one.metrics.equals(other.metrics)


def test_nothing_published_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no published run of any source"):
        list(runs(open_published(tmp_path)))
