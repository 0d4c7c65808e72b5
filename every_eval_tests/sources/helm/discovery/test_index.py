import json
from pathlib import Path
from typing import Any

import pytest

from every_eval.errors import UpstreamMalformed
from every_eval.sources.helm.discovery.index import Index, find_indexes, project_names
from every_eval.storage.folder import FolderStorage
from every_eval_tests.helm_root import HelmRoot, edit
from every_eval_tests.ingestion.upstream import RUNS, WatchedStorage

OUTPUT = "lite/benchmark_output/"


def _write(root: Path, files: dict[str, Any]) -> FolderStorage:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return FolderStorage(root)


def _release(name: str, *suites: str) -> dict[str, Any]:
    return {f"{OUTPUT}releases/{name}/summary.json": {"release": name, "suites": suites, "date": "2026-01-01"}}


def _names(storage: FolderStorage | WatchedStorage) -> list[tuple[str, bool, tuple[str, ...]]]:
    return [(index.name, index.is_release, tuple(index.suites)) for index in find_indexes(storage, "lite", OUTPUT)]


def test_releases_are_those_of_the_roots_metadata_oldest_first(tmp_path: Path) -> None:
    metadata = [{"id": "mmlu", "releases": ["v9"]}, {"id": "lite", "title": "Lite", "releases": ["v2", "v1", "v1"]}]
    files = {"config/project_metadata.json": metadata} | _release("v1", "a") | _release("v2", "a", "b") | _release("v3")
    storage = _write(tmp_path, files)

    assert _names(storage) == [("v1", True, ("a",)), ("v2", True, ("a", "b"))]
    assert _names(WatchedStorage(storage, can_list=False)) == _names(storage)


def test_without_metadata_releases_are_listed_and_sorted_by_version(tmp_path: Path) -> None:
    names = ["v1.10.0", "v1.9.0", "v1.9.0-preview", "v0.2", "latest", "draft", "nightly"]
    files: dict[str, Any] = {"config/project_metadata.json": [{"id": "mmlu", "releases": []}]}
    for name in names:
        files |= _release(name, "a")

    found = [name for name, *_ in _names(_write(tmp_path, files))]
    assert found == ["draft", "nightly", "v0.2", "v1.9.0-preview", "v1.9.0", "v1.10.0"]


@pytest.mark.parametrize(
    ("stated", "date"),
    [
        ({"date": "2026-11-20"}, "2026-11-20"),
        ({}, None),
        ({"date": None}, None),
        ({"date": 7}, None),
        ({"date": ""}, None),
    ],
)
def test_a_release_has_the_date_that_its_summary_states(
    tmp_path: Path, stated: dict[str, Any], date: str | None
) -> None:
    summary = {f"{OUTPUT}releases/v1/summary.json": {"release": "v1", "suites": ["a"], **stated}}
    (index,) = find_indexes(_write(tmp_path, summary), "lite", OUTPUT)
    assert index.date == date


def test_a_folder_without_a_summary_is_no_release(tmp_path: Path) -> None:
    storage = _write(tmp_path, _release("v1", "a") | {f"{OUTPUT}releases/v2/groups.json": []})

    assert _names(storage) == [("v1", True, ("a",))]


def test_suites_that_were_summarised_by_themselves_come_behind(tmp_path: Path) -> None:
    suites = {f"{OUTPUT}runs/{suite}/summary.json": {"suite": suite} for suite in ("b", "a", "latest")}
    storage = _write(tmp_path, _release("v1", "b") | suites | {f"{OUTPUT}runs/c/gsm:model=m/stats.json": []})

    assert _names(storage) == [("v1", True, ("b",)), ("a", False, ("a",)), ("b", False, ("b",))]
    with_metadata = _write(tmp_path, {"config/project_metadata.json": [{"id": "lite", "releases": ["v1"]}]})
    assert _names(WatchedStorage(with_metadata, can_list=False)) == [("v1", True, ("b",))]


def _suite(name: str, **summary: Any) -> dict[str, Any]:
    return {f"{OUTPUT}runs/{name}/summary.json": {"suite": name, "suites": [name], **summary}}


def test_suites_come_in_the_order_of_their_versions(tmp_path: Path) -> None:
    storage = _write(tmp_path, _suite("v9") | _suite("v10") | _suite("v1"))

    assert [name for name, *_ in _names(storage)] == ["v1", "v9", "v10"]


def test_suites_whose_names_tell_nothing_come_in_the_order_of_their_dates(tmp_path: Path) -> None:
    storage = _write(tmp_path, _suite("final", date="2025-01-01") | _suite("draft", date="2026-01-01") | _suite("old"))

    assert [name for name, *_ in _names(storage)] == ["old", "final", "draft"]


def test_a_project_without_releases_is_read_by_its_suites_with_a_listing_and_without(tmp_path: Path) -> None:
    metadata = {"config/project_metadata.json": [{"id": "lite", "releases": ["v2.1.0", "v2.0.0"]}]}
    storage = _write(tmp_path, metadata | _suite("v2.0.0") | _suite("v2.1.0"))

    assert _names(storage) == [("v2.0.0", False, ("v2.0.0",)), ("v2.1.0", False, ("v2.1.0",))]
    assert _names(WatchedStorage(storage, can_list=False)) == _names(storage)


def test_projects_are_those_of_the_roots_metadata_or_the_folders_with_output(tmp_path: Path) -> None:
    storage = _write(tmp_path, _suite("v1") | {"mmlu/benchmark_output/runs/v1/a/stats.json": [], "config/x.json": {}})
    assert project_names(storage) == ["lite", "mmlu"]
    assert project_names(WatchedStorage(storage, can_list=False)) == []

    metadata = [{"id": "safety", "title": "Safety"}, {"id": "lite", "releases": ["v1"]}, {"id": "lite"}]
    storage = _write(tmp_path, {"config/project_metadata.json": metadata})
    assert project_names(storage) == ["safety", "lite"]
    assert project_names(WatchedStorage(storage, can_list=False)) == ["safety", "lite"]


@pytest.mark.parametrize("name", ["../../v1", "", "a/b", "a\\b"])
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    storage = _write(tmp_path, {"config/project_metadata.json": [{"id": "lite", "releases": [name]}]})
    with pytest.raises(UpstreamMalformed, match=r"project_metadata\.json names"):
        _names(storage)

    storage = _write(tmp_path, {"config/project_metadata.json": []} | _release("v1", "a", name))
    with pytest.raises(UpstreamMalformed, match=r"v1/summary\.json names"):
        _names(storage)


def _index(root: HelmRoot) -> Index:
    return find_indexes(FolderStorage(root.path), "mmlu", "mmlu/benchmark_output/")[-1]


def _read_all(index: Index) -> list[Any]:
    return [index.runs, index.specs, index.schema, *index.cells()]


def test_an_index_says_what_helm_wrote(root: HelmRoot) -> None:
    index, folder = _index(root), root.output("mmlu") / "releases/v1.1.0"

    assert index.runs == {name: suite for suite, name in RUNS}
    assert set(index.specs) == set(index.runs)
    assert index.schema_json == (folder / "schema.json").read_text()
    assert index.schema is not None
    n_cells = 0
    for file in (folder / "groups").glob("*.json"):
        n_cells += sum(len(row) for table in json.loads(file.read_text()) for row in table["rows"])
    cells = list(index.cells())
    assert len(cells) == n_cells > 100
    assert [cell.group for cell in cells] == sorted(cell.group for cell in cells)


def test_groups_have_one_order_with_a_listing_and_without(tmp_path: Path) -> None:
    groups = ["a", "a-b", "a_b", "b"]
    table = [{"title": "t", "header": [{"value": "Model"}], "rows": [[{"value": "m"}]]}]
    files: dict[str, Any] = {f"x/groups/{group}.json": table for group in groups}
    files |= {"x/groups/latex/a.tex": b"", "x/groups_metadata.json": {group: {} for group in [*groups[::-1], "absent"]}}
    storage = _write(tmp_path, files)
    unlisted = WatchedStorage(storage, can_list=False)

    found = [[cell.group for cell in Index(place, "x/", "v1", True, ()).cells()] for place in (storage, unlisted)]
    assert found == [groups, groups]


def test_an_index_without_suites_of_runs_shows_the_runs_that_it_specifies(root: HelmRoot) -> None:
    (root.output("mmlu") / "releases/v1.1.0/runs_to_run_suites.json").unlink()

    assert _index(root).runs == {name: "v1.1.0" for _, name in RUNS}


def test_an_index_before_schemas_has_none(root: HelmRoot) -> None:
    (root.output("mmlu") / "releases/v1.1.0/schema.json").unlink()

    assert _index(root).schema_json is None
    assert _index(root).schema is None


FILES = ["summary", "runs_to_run_suites", "run_specs", "schema", "groups/mmlu_subjects"]
BROKEN = {"empty": b"", "cut off": b'[{"a": ', "no JSON": b"<html>", "not UTF-8": b'["\xff"]', "deep": b"[" * 100_000}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("file", FILES)
def test_a_broken_file_is_named_with_what_to_do(root: HelmRoot, file: str, raw: bytes) -> None:
    path = root.output("mmlu") / f"releases/v1.1.0/{file}.json"
    assert path.exists()
    path.write_bytes(raw)

    with pytest.raises(UpstreamMalformed) as refused:
        _read_all(_index(root))
    assert str(path) in str(refused.value)
    assert "fetch it again" in str(refused.value)


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
def test_broken_metadata_of_the_root_are_named(root: HelmRoot, raw: bytes) -> None:
    (root.path / "config/project_metadata.json").write_bytes(raw)

    with pytest.raises(UpstreamMalformed, match=r"config/project_metadata\.json cannot be read"):
        _index(root)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("summary", {"suites": []}),
        ("summary", {"suites": "v1.0.0"}),
        ("summary", {}),
        ("runs_to_run_suites", {"a": 5}),
        ("runs_to_run_suites", ["a"]),
        ("run_specs", [{"adapter_spec": {}}]),
        ("run_specs", {"name": "a"}),
        ("schema", []),
    ],
)
def test_a_file_of_another_shape_is_named(root: HelmRoot, file: str, content: Any) -> None:
    edit(root.output("mmlu") / f"releases/v1.1.0/{file}.json", lambda _: content)

    with pytest.raises(UpstreamMalformed, match=rf"v1\.1\.0/{file}\.json cannot be read"):
        _read_all(_index(root))
