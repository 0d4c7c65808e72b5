"""Tests that the documentation builds without a broken link, and that its examples run."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest

import every_eval
from every_eval.readers.published_tables import TABLES
from every_eval_tests.test_readme import ROOT

DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```(sh|python|sql)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INSTALL = "python3 -m venv"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built documentation; a warning, such as a link to nowhere, is an error."""
    built = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", str(DOCS), str(built)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return built


@pytest.mark.slow
def test_the_page_of_tables_describes_every_column_of_every_table(pages: Path) -> None:
    page = (pages / "tables.html").read_text()
    sections = dict(re.findall(r'<section id="table-(\w+)">(.*?)</section>', page, re.DOTALL))
    assert sections.keys() == TABLES.keys()
    for name, table in TABLES.items():
        assert re.findall(r"<tr[^>]*><td><p>(\w+)</p></td>", sections[name]) == table.schema.names


@pytest.mark.slow
def test_every_page_is_reached_from_the_first_one(pages: Path) -> None:
    first = (pages / "index.html").read_text()
    names = {page.stem for page in DOCS.glob("*.md")} - {"index"}
    assert names and {name for name in names if f'href="{name}.html"' not in first} == set()


def blocks() -> Iterator[tuple[str, str]]:
    yield from BLOCK.findall((DOCS / "tutorial.md").read_text())


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Walk through the tutorial: run its commands in a copy of the project, then its Python and SQL."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("every_eval", "examples", "pyproject.toml"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(sys.prefix)
    commands = "\n".join(code for language, code in blocks() if language == "sh")
    kept = "\n".join(line for line in commands.splitlines() if not line.startswith(INSTALL))
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "PYTHONPATH")}
    subprocess.run(["bash", "-ec", kept], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    names: dict[str, object] = {}
    before = Path.cwd()
    try:
        os.chdir(folder)
        for language, code in blocks():
            if language == "python":
                exec(code, names)  # The tutorial's own code, which a reader types in one session of Python.
            if language == "sql":
                connection = names["connection"]
                assert isinstance(connection, duckdb.DuckDBPyConnection)
                names.setdefault("answers", [])
                answers = names["answers"]
                assert isinstance(answers, list)
                answers.append(connection.sql(code).df())
        names["samples"] = every_eval.table("samples", benchmark="multiple_choice").to_pandas()
    finally:
        os.chdir(before)
    return names


@pytest.mark.slow
def test_the_tutorial_shows_the_results_of_three_sources_and_their_answers(walked: dict[str, object]) -> None:
    answers, samples = walked["answers"], walked["samples"]
    assert isinstance(answers, list) and isinstance(samples, pd.DataFrame)
    boards, pairs, different = answers
    assert set(boards["source"]) == {"helm", "eval_harness", "inspect"}
    assert boards[boards["benchmark"] == "trivia"]["rank"].isna().all()
    means = samples.groupby("model_name")["evaluation_score"].mean()
    (pair,) = pairs.to_dict("records")
    assert pair["difference"] == pytest.approx(means[pair["model_name_a"]] - means[pair["model_name_b"]])
    assert pair["ci_low"] < pair["difference"] < pair["ci_high"]
    assert len(different) == 5 and (different["claude"] != different["gpt"]).all()


@pytest.mark.slow
def test_the_tutorial_makes_a_matrix_of_models_and_items(walked: dict[str, object]) -> None:
    matrix, hardest = walked["matrix"], walked["hardest"]
    assert isinstance(matrix, pd.DataFrame) and isinstance(hardest, pd.Series)
    assert matrix.shape == (2, 60) and len(hardest) == 5
    assert hardest.max() <= matrix.mean().median()
