import json
from pathlib import Path

import pytest

from every_eval.errors import BenchmarkMissing
from every_eval.sources.helm.source import HelmSource
from every_eval.storage.folder import FolderStorage

SOURCE = HelmSource()


def _root(folder: Path, *projects: str) -> FolderStorage:
    metadata = folder / "config" / "project_metadata.json"
    metadata.parent.mkdir()
    metadata.write_text(json.dumps([{"id": project, "releases": []} for project in projects]))
    return FolderStorage(folder)


def test_all_stands_for_every_project_of_the_root(tmp_path: Path) -> None:
    storage = _root(tmp_path, "capabilities", "vhelm")

    assert SOURCE.benchmarks(storage, ["all"]) == ["capabilities", "vhelm"]
    assert SOURCE.benchmarks(storage, ["mine", "all", "vhelm"]) == ["capabilities", "vhelm", "mine"]


def test_named_projects_are_taken_as_they_are_and_three_without_names(tmp_path: Path) -> None:
    storage = _root(tmp_path, "capabilities")

    assert list(SOURCE.benchmarks(storage, ["mine"])) == ["mine"]
    assert list(SOURCE.benchmarks(storage)) == ["lite", "mmlu", "classic"]


def test_all_of_a_root_that_names_no_project_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkMissing, match=r"project_metadata\.json .* Check EVERY_EVAL_HELM_ROOT"):
        SOURCE.benchmarks(_root(tmp_path), ["all"])
