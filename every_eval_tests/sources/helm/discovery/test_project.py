import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from every_eval.contracts.releases import RELEASES
from every_eval.errors import BenchmarkMissing
from every_eval.sources.helm.discovery.project import discover
from every_eval.sources.helm.layout import DISPLAY_FILES, RUN_FILES
from every_eval.sources.source import Discovery, Run
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval.storage.folder import FolderStorage
from every_eval.storage.storage import StoredObject
from every_eval_tests.helm_root import HelmRoot, edit
from every_eval_tests.ingestion.upstream import RUNS, WatchedStorage, mmlu_run

RUNS_OF = "lite/benchmark_output/runs/"
SPEC = {"name": "gsm:model=m", "scenario_spec": {"class_name": "S", "args": {}}, "adapter_spec": {"model": "m/m"}}


def _write(root: Path, *names: str, **contents: Any) -> FolderStorage:
    """Write empty files of runs below the folder of runs, and files of indexes with the given contents."""
    for name in names:
        path = root / RUNS_OF / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    for name, content in contents.items():
        path = root / "lite/benchmark_output" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    return FolderStorage(root)


def _names(discovery: Discovery) -> list[tuple[str, str]]:
    return [run.identity for run in discovery.runs]


def _by_name(discovery: Discovery) -> dict[str, Run]:
    return {run.name: run for run in discovery.runs}


def _shown(discovery: Discovery) -> dict[str, list[tuple[str, str]]]:
    return {
        row["release"]: [(run["suite"], run["run"]) for run in row["runs"]] for row in discovery.releases.to_pylist()
    }


@pytest.mark.parametrize("benchmark", ["lite", "mmlu", "classic"])
def test_every_run_and_release_of_the_sample_is_found_without_opening_a_run(benchmark: str) -> None:
    storage = WatchedStorage(ArchiveStorage(HELM_SAMPLE))
    found = discover(storage, benchmark)
    runs = f"{benchmark}/benchmark_output/runs/"
    expected = [(suite, name) for suite in ("v1.0.0", "v1.1.0") for name in storage.list_folders(f"{runs}{suite}/")]

    assert _names(found) == sorted(expected)
    assert storage.read_runs == []
    RELEASES.validate(found.releases)
    for row in found.releases.to_pylist():
        folder = f"{benchmark}/benchmark_output/releases/{row['release']}"
        shown = json.loads(storage.storage.read(f"{folder}/runs_to_run_suites.json"))
        assert {run["run"]: run["suite"] for run in row["runs"]} == shown
        assert row["date"] == json.loads(storage.storage.read(f"{folder}/summary.json"))["date"]
        assert row["is_release"] and row["is_newest"] == (row["release"] == "v1.1.0")
    for run in found.runs:
        assert [item.name for item in run.inputs] == sorted(RUN_FILES)
        assert run.folder == f"{runs}{run.suite}/{run.name}"
        assert run.problem is None


def test_a_run_knows_the_releases_that_show_it_and_what_the_newest_says(root: HelmRoot) -> None:
    runs = _by_name(discover(FolderStorage(root.path), "mmlu"))
    schema = json.loads((root.output("mmlu") / "releases/v1.1.0/schema.json").read_text())
    spec = json.loads((root.run("mmlu", *RUNS[2]) / "run_spec.json").read_text())
    groups = [group for group in schema["run_groups"] if group["name"] in spec["groups"]]
    [model] = [model for model in schema["models"] if model["name"] == spec["adapter_spec"]["model"]]

    assert runs[RUNS[2][1]].releases == ("v1.1.0",)
    assert runs[RUNS[0][1]].releases == ("v1.0.0", "v1.1.0")
    facts = runs[RUNS[2][1]].facts
    assert facts["creator"] == model["creator_organization"]
    assert facts["category"] in {group["category"] for group in groups}
    assert json.loads(facts["main_metrics"]) == [["exact_match", "test"]]


def test_facts_come_from_the_newest_index_that_covers_the_suite(root: HelmRoot) -> None:
    def renamed(schema: dict[str, Any]) -> dict[str, Any]:
        return schema | {"models": [model | {"creator_organization": "X"} for model in schema["models"]]}

    edit(root.output("mmlu") / "releases/v1.0.0/schema.json", renamed)
    assert "X" not in {run.facts.get("creator") for run in discover(FolderStorage(root.path), "mmlu").runs}
    edit(root.output("mmlu") / "releases/v1.1.0/schema.json", renamed)
    assert {run.facts.get("creator") for run in discover(FolderStorage(root.path), "mmlu").runs} == {"X"}


@pytest.mark.parametrize("missing", ["schema", "run_specs"])
def test_without_a_schema_or_a_specification_nothing_is_guessed(root: HelmRoot, missing: str) -> None:
    (root.output("mmlu") / f"releases/v1.1.0/{missing}.json").unlink()

    assert [run.facts for run in discover(FolderStorage(root.path), "mmlu").runs] == [{}] * 3


def test_folders_of_caches_and_tables_and_links_are_no_runs(tmp_path: Path) -> None:
    storage = _write(
        tmp_path,
        *("v1/gsm:model=m/stats.json", "v1/eval_cache/stats.json", "v1/groups/stats.json", "v1/groups/gsm.json"),
        *("v1/empty/other.txt", "v1/deep/er/stats.json", "v1/stats.json", "latest/gsm:model=m/stats.json"),
        "v1/state:model=m/scenario_state.json",
    )
    (tmp_path / RUNS_OF / "v1/linked:model=m").symlink_to(tmp_path / RUNS_OF / "v1/gsm:model=m")
    (tmp_path / RUNS_OF / "v2").symlink_to(tmp_path / RUNS_OF / "v1")

    assert _names(discover(storage, "lite")) == [("v1", "gsm:model=m"), ("v1", "state:model=m")]


def test_latest_is_neither_a_suite_nor_a_release_even_as_a_folder(root: HelmRoot) -> None:
    before = discover(FolderStorage(root.path), "mmlu")
    (root.path / "config/project_metadata.json").unlink()
    output = root.output("mmlu")
    shutil.copytree(output / "releases/v1.0.0", output / "releases/latest")
    shutil.copytree(output / "runs/v1.0.0", output / "runs/latest")

    after = discover(FolderStorage(root.path), "mmlu")
    assert after.runs == before.runs
    assert after.releases.equals(before.releases)


def test_neighbours_whose_names_begin_alike_are_told_apart(tmp_path: Path) -> None:
    names = ["a", "a!", "a-b", "a:b", "a b", "ab"]
    storage = _write(tmp_path, *(f"v1/{name}/{file}" for name in names for file in RUN_FILES))

    found = discover(storage, "lite")
    assert [run.name for run in found.runs] == sorted(names)
    assert all([item.name for item in run.inputs] == sorted(RUN_FILES) for run in found.runs)


def test_a_run_that_helm_has_not_summarised_is_read_from_its_state(tmp_path: Path) -> None:
    rest = [file for file in RUN_FILES if file not in DISPLAY_FILES]
    storage = _write(
        tmp_path,
        *(f"v1/both/{file}" for file in (*RUN_FILES, "scenario_state.json", "scenario.json.lock")),
        *(f"v1/state/{file}" for file in (*rest, "scenario_state.json")),
        *(f"v1/partly/{file}" for file in (*rest, "instances.json", "scenario_state.json")),
        *(f"v1/neither/{file}" for file in (*rest, "instances.json")),
    )
    found = {name: [item.name for item in run.inputs] for name, run in _by_name(discover(storage, "lite")).items()}

    from_state = sorted([*rest, "scenario_state.json"])
    neither = sorted([*rest, "instances.json"])
    assert found == {"both": sorted(RUN_FILES), "state": from_state, "partly": from_state, "neither": neither}


def test_a_suite_that_no_release_covers_is_read_without_an_index(tmp_path: Path) -> None:
    found = discover(_write(tmp_path, "v1/gsm:model=m/stats.json"), "lite")

    assert _names(found) == [("v1", "gsm:model=m")]
    assert (found.runs[0].releases, found.runs[0].facts) == ((), {})
    assert found.releases.num_rows == 0


@pytest.mark.parametrize("names_suites", [True, False])
def test_a_suite_that_no_release_covers_is_read_with_its_own_index(tmp_path: Path, names_suites: bool) -> None:
    groups = [{"name": "gsm", "environment": {"main_name": "em", "main_split": "test"}}]
    schema = {"metrics": [], "perturbations": [], "metric_groups": [], "run_groups": groups}
    index = {"summary.json": {"suite": "v1"}, "run_specs.json": [SPEC | {"groups": ["gsm"]}], "schema.json": schema}
    if names_suites:
        index["runs_to_run_suites.json"] = {"gsm:model=m": "v1"}
    storage = _write(tmp_path, "v1/gsm:model=m/stats.json", **{f"runs/v1/{name}": index[name] for name in index})
    found = discover(storage, "lite")

    assert _names(found) == [("v1", "gsm:model=m")]
    assert found.runs[0].releases == ()
    assert found.runs[0].facts["main_metrics"] == '[["em","test"]]'
    assert _shown(found) == {"v1": [("v1", "gsm:model=m")]}
    [row] = found.releases.to_pylist()
    assert (row["is_release"], row["is_newest"], row["suites"]) == (False, True, ["v1"])


def test_a_release_goes_before_a_suites_own_index(root: HelmRoot) -> None:
    output = root.output("mmlu")
    shutil.copytree(output / "releases/v1.0.0", output / "runs/v1.0.0", dirs_exist_ok=True)
    edit(
        output / "runs/v1.0.0/schema.json",
        lambda schema: schema | {"models": [model | {"creator_organization": "X"} for model in schema["models"]]},
    )
    found = discover(FolderStorage(root.path), "mmlu")

    assert [(row["release"], row["is_release"], row["is_newest"]) for row in found.releases.to_pylist()] == [
        ("v1.0.0", True, False),
        ("v1.1.0", True, True),
        ("v1.0.0", False, False),
    ]
    RELEASES.validate(found.releases)
    assert "X" not in {run.facts.get("creator") for run in found.runs}


def test_a_run_is_looked_for_in_the_suites_of_a_release_that_names_the_wrong_one(root: HelmRoot) -> None:
    # HELM 0.2.4 to 0.3.0 wrote the release's last suite for every run.
    right = discover(FolderStorage(root.path), "mmlu")
    edit(
        root.output("mmlu") / "releases/v1.1.0/runs_to_run_suites.json",
        lambda suites: dict.fromkeys(suites, "v1.1.0"),
    )
    found = discover(FolderStorage(root.path), "mmlu")

    assert found.runs == right.runs
    assert _shown(found) == _shown(right)


def test_of_several_suites_that_have_a_run_the_stated_one_counts_then_the_latest(root: HelmRoot) -> None:
    name = RUNS[0][1]
    output = root.output("mmlu")
    shutil.copytree(output / "runs/v1.0.0" / name, output / "runs/v1.1.0" / name)
    assert ("v1.0.0", name) in _shown(discover(FolderStorage(root.path), "mmlu"))["v1.1.0"]

    edit(output / "releases/v1.1.0/runs_to_run_suites.json", lambda suites: suites | {name: "v0.9.0"})
    assert ("v1.1.0", name) in _shown(discover(FolderStorage(root.path), "mmlu"))["v1.1.0"]


def test_a_run_that_an_index_names_and_that_is_not_there_is_told(root: HelmRoot) -> None:
    gone = mmlu_run("virology", "model=x")
    root.index_run("mmlu", "v1.1.0", "v1.1.0", gone)
    run = _by_name(discover(FolderStorage(root.path), "mmlu"))[gone]

    assert (run.problem, run.inputs, run.releases) == ("run_missing", (), ("v1.1.0",))
    assert run.folder == f"mmlu/benchmark_output/runs/v1.1.0/{gone}"


@pytest.mark.parametrize("name", ["..", "a/b", "a\\b", "", "/"])
def test_a_name_that_leads_elsewhere_is_told_and_not_followed(root: HelmRoot, name: str) -> None:
    root.index_run("mmlu", "v1.1.0", "v1.1.0", name)
    for storage in (FolderStorage(root.path), WatchedStorage(FolderStorage(root.path), can_list=False)):
        run = _by_name(discover(storage, "mmlu"))[name]
        assert (run.problem, run.inputs, run.folder) == ("unsafe_name", (), "")


def test_a_listed_name_that_cannot_be_followed_is_told(tmp_path: Path) -> None:
    folder = _write(tmp_path, "v1/gsm:model=m/stats.json")
    odd = (tmp_path / RUNS_OF / "v1").as_posix().encode() + b"/odd\xff"
    Path(odd.decode(errors="surrogateescape")).mkdir()
    Path((odd + b"/stats.json").decode(errors="surrogateescape")).write_bytes(b"")
    (tmp_path / RUNS_OF / "v1" / "out").symlink_to("/")
    (tmp_path / RUNS_OF / "v1" / "again").symlink_to("gsm:model=m")

    class Bucket(WatchedStorage):
        def list(self, prefix: str) -> Iterator[StoredObject]:
            yield StoredObject(f"{RUNS_OF}v1/back\\slash/stats.json", 0, "w", None)
            yield from super().list(prefix)

    runs = _by_name(discover(Bucket(folder), "lite"))

    assert {name: run.problem for name, run in runs.items()} == {
        "gsm:model=m": None,
        "back\\slash": "unsafe_name",
        "odd\\xff": "unsafe_name",
        "out": "unsafe_name",
    }
    pa.array(list(runs))  # can be written


def test_without_a_listing_runs_are_those_of_the_releases(root: HelmRoot) -> None:
    listed = discover(FolderStorage(root.path), "mmlu")
    (root.run("mmlu", *RUNS[1]) / "scenario.json").unlink()
    for file in root.run("mmlu", *RUNS[2]).iterdir():
        file.unlink()
    storage = WatchedStorage(FolderStorage(root.path), can_list=False)
    found = discover(storage, "mmlu")

    assert _names(found) == _names(listed)
    first, second, third = found.runs
    assert first == listed.runs[0]
    assert "scenario.json" not in {item.name for item in second.inputs}
    assert third.problem == "run_missing"
    assert found.releases.equals(listed.releases)
    assert storage.read_runs == []


def test_a_project_without_any_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkMissing, match="has no run"):
        discover(_write(tmp_path, "v1/notes.txt"), "lite")


def test_a_project_whose_index_names_only_what_is_not_there_is_an_error(root: HelmRoot) -> None:
    shutil.rmtree(root.output("mmlu") / "runs")
    with pytest.raises(BenchmarkMissing, match="has no run"):
        discover(FolderStorage(root.path), "mmlu")


def test_classic_is_found_without_its_project_folder(tmp_path: Path) -> None:
    storage = _write(tmp_path, "v1/gsm:model=m/stats.json")
    (tmp_path / "lite/benchmark_output").rename(tmp_path / "benchmark_output")

    [run] = discover(storage, "classic").runs
    assert (run.benchmark, run.folder) == ("classic", "benchmark_output/runs/v1/gsm:model=m")
    with pytest.raises(BenchmarkMissing):
        discover(storage, "lite")
