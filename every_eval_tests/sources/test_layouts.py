"""Whose results a root holds."""

from pathlib import Path

import pytest

from every_eval.sources import SOURCES
from every_eval.sources.layouts import is_empty, layout_of
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval.storage.folder import FolderStorage


@pytest.mark.parametrize(
    ("file", "layout"),
    [
        ("config/project_metadata.json", "helm"),
        ("lite/benchmark_output/runs/v1/run/stats.json", "helm"),
        ("benchmark_output/runs/v1/run/stats.json", "helm"),
        ("main/acme__tiny/results_2026-02-03T04-05-06.789012.json", "eval_harness"),
        ("results.json", None),
        ("runs/releases/results_a.json", "eval_harness"),
        ("samples_gsm8k_2026.jsonl", "eval_harness"),
        ("main/2026-11-27T16-31-39-00-00_quiz_3KBWcTD8JwMrx2jH7QXNyA.eval", "inspect"),
        ("main/notes.txt", None),
        ("config/other.json", None),
    ],
)
def test_a_layout_is_told_by_names(tmp_path: Path, file: str, layout: str | None) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text("")
    assert layout_of(FolderStorage(tmp_path), SOURCES) == layout
    assert not is_empty(FolderStorage(tmp_path))


def test_the_bundled_sample_is_of_helm() -> None:
    assert layout_of(ArchiveStorage(HELM_SAMPLE), SOURCES) == "helm"


def test_folders_without_files_are_empty(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    assert is_empty(FolderStorage(tmp_path))
    assert layout_of(FolderStorage(tmp_path), SOURCES) is None


def test_the_files_of_two_programs_have_no_layout(tmp_path: Path) -> None:
    (tmp_path / "main").mkdir()
    for name in ("results_2026-02-03T04-05-06.json", "log.eval"):
        (tmp_path / "main" / name).write_text("")
    assert layout_of(FolderStorage(tmp_path), SOURCES) is None
