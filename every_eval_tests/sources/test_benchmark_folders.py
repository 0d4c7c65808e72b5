import os
from pathlib import Path

import pytest

from every_eval.sources.benchmark_folders import benchmark_folders
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


def test_a_folder_whose_name_is_not_utf_8_is_named_escaped(tmp_path: Path) -> None:
    for name in (b"mod\xe8le", b"results_\xe8.json"):
        os.mkdir(os.fsencode(tmp_path) + b"/" + name)  # noqa: PTH102 - a path of pathlib is text
    assert folders(tmp_path, "good") == ["good", r"mod\xe8le"]


def test_a_link_to_another_benchmark_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "again").symlink_to(tmp_path / "good")
    assert folders(tmp_path, "good") == ["good"]
    assert "again in" in caplog.text
    assert "because it is a link to good beside it" in caplog.text
