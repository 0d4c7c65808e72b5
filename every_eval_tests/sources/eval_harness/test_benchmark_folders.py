import os
from pathlib import Path

import pytest

from every_eval.sources.eval_harness.benchmark_folders import benchmark_folders
from every_eval.storage.folder import FolderStorage


def folders(root: Path, *names: str) -> list[str]:
    for name in names:
        (root / name).mkdir()
    return benchmark_folders(FolderStorage(root), "eval_harness")


def test_each_folder_is_a_benchmark(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert folders(tmp_path, "b", "a") == ["a", "b"]
    assert caplog.text == ""


def test_folders_that_would_share_a_name_are_named_and_stop_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert folders(tmp_path, "Qwen2.5-7B", "Qwen2_5-7B", "qwen2 5 7b", "other") == ["other"]
    assert "'Qwen2.5-7B', 'Qwen2_5-7B', 'qwen2 5 7b'" in caplog.text
    assert "eval_harness_qwen2_5_7b" in caplog.text


def test_results_in_the_root_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(6):
        (tmp_path / f"results_{number}.json").write_text("{}")
    (tmp_path / "notes.txt").write_text("")
    assert folders(tmp_path, "other") == ["other"]
    assert "6 files of results" in caplog.text
    assert "'results_4.json', …. Move them into a folder" in caplog.text


def test_a_folder_whose_name_is_not_utf_8_is_left_out(tmp_path: Path) -> None:
    os.mkdir(os.fsencode(tmp_path) + b"/mod\xe8le")  # noqa: PTH102 - a path of pathlib is text
    assert folders(tmp_path, "good") == ["good"]
