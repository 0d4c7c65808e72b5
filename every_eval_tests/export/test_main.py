"""The command as people run it."""

from pathlib import Path

import pytest

from every_eval.export.__main__ import main
from every_eval.readers.published import Published


@pytest.mark.usefixtures("published")
def test_the_command_says_what_it_wrote_and_what_it_could_not_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eee", "--out", str(tmp_path), "--source", "eval_harness", "--samples"]) == 0
    lines = capsys.readouterr().out.splitlines()
    n_files = len(list((tmp_path / "data").rglob("*[0-9a-f].json")))
    assert f"runs, {n_files} records ({n_files} new or changed) with" in lines[0]
    assert "1 runs have no record: the source names no model." in lines
    assert lines[-1] == f"The records are in {tmp_path}."


@pytest.mark.usefixtures("published")
def test_what_cannot_be_exported_is_an_error_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eee", "--out", str(tmp_path), "--benchmark", "nope"]) == 1
    assert capsys.readouterr().err.startswith("Nothing more is exported: evaleval/every_eval_ever in ")
    (tmp_path / "file").write_text("")
    assert main(["eee", "--out", str(tmp_path / "file"), "--benchmark", "mmlu"]) == 1
    assert "file" in capsys.readouterr().err


def test_a_commit_is_named_by_its_revision(
    published: Published, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = [commit for commit, _ in published.place.history(published.data.repo)][-1]
    assert main(["eee", "--out", str(tmp_path), "--revision", first, "--benchmark", "main"]) == 1
    assert "no published run of benchmark main" in capsys.readouterr().err
    assert main(["eee", "--out", str(tmp_path), "--revision", "0" * 64]) == 1
    assert "has a revision" in capsys.readouterr().err
