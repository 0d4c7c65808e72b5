from pathlib import Path

import pytest

from every_eval.errors import BenchmarkMissing, UpstreamMalformed
from every_eval.sources.helm.layout import checked, find_output, folders, is_folder_name, writable
from every_eval.storage.folder import FolderStorage
from every_eval_tests.ingestion.upstream import WatchedStorage


def _storage(tmp_path: Path, *paths: str) -> FolderStorage:
    for path in paths:
        (tmp_path / path).mkdir(parents=True)
    return FolderStorage(tmp_path)


@pytest.mark.parametrize("name", ["gsm:model=m", "v1.0.0", "a b", "...", "é", "a@001", "~", "-x"])
def test_names_of_folders_are_followed(name: str) -> None:
    assert is_folder_name(name)
    assert checked(name, "summary.json") == writable(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "/", "a/b", "../a", "a\\b", "a\0b", "\ud83d"])
def test_names_that_lead_elsewhere_are_not(name: str) -> None:
    assert not is_folder_name(name)
    with pytest.raises(UpstreamMalformed, match=r"^summary\.json names .* not the name of a folder"):
        checked(name, "summary.json")


def test_a_name_that_is_no_utf8_can_be_written_as_escapes() -> None:
    assert writable(b"a\xff".decode(errors="surrogateescape")) == "a\\udcff"


def test_classic_is_also_found_without_its_project_folder(tmp_path: Path) -> None:
    storage = _storage(tmp_path, "benchmark_output/runs")

    assert find_output(storage, "classic") == "benchmark_output/"
    with pytest.raises(BenchmarkMissing, match="lite/benchmark_output"):
        find_output(storage, "lite")


def test_a_project_folder_goes_before(tmp_path: Path) -> None:
    storage = _storage(
        tmp_path, "benchmark_output/runs", "classic/benchmark_output/releases", "lite/benchmark_output/x"
    )

    assert find_output(storage, "classic") == "classic/benchmark_output/"
    with pytest.raises(BenchmarkMissing, match="EVERY_EVAL_BENCHMARKS"):
        find_output(storage, "lite")


def test_a_storage_without_a_listing_is_believed_to_have_the_project(tmp_path: Path) -> None:
    assert find_output(WatchedStorage(_storage(tmp_path), can_list=False), "lite") == "lite/benchmark_output/"


def test_a_link_to_the_newest_is_none_of_its_neighbours(tmp_path: Path) -> None:
    storage = _storage(tmp_path, "releases/v2", "releases/v1", "releases/latest")

    assert list(folders(storage, "releases/")) == ["v1", "v2"]
