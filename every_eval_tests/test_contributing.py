"""Tests that contributors get what CONTRIBUTING.md promises: one set of checks, and sources that are complete."""

import re
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from every_eval.sources import SOURCES

ROOT = Path(__file__).parents[1]
CHECKS = (ROOT / ".ci" / "run").read_text()
HOOKS: list[dict[str, Any]] = [
    hook | {"repo": repo["repo"]}
    for repo in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in repo["hooks"]
]
with (ROOT / "pyproject.toml").open("rb") as pyproject:
    PROJECT: dict[str, Any] = tomllib.load(pyproject)["project"]


def test_the_hooks_are_the_commands_of_ci_and_download_nothing() -> None:
    assert {hook["repo"] for hook in HOOKS} == {"local"}
    assert {hook["language"] for hook in HOOKS} == {"system"}
    commands = CHECKS.replace(".venv-newest", ".venv")
    assert [hook["entry"] for hook in HOOKS if hook["entry"] not in commands] == []
    lines = {line.strip() for line in CHECKS.splitlines()}
    linters = {line for line in lines if re.match(r"\.venv/bin/(ruff|mypy)\b", line)}
    assert linters <= {hook["entry"] for hook in HOOKS}


def test_ci_runs_the_test_command_of_the_readme() -> None:
    (find,) = re.findall(r"\$\((grep .* README\.md)\)", CHECKS)
    command = subprocess.run(find, shell=True, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    assert command.startswith("python3 -m venv .venv && .venv/bin/pip install")
    assert command.endswith("&& .venv/bin/pytest\n")


def test_the_classifiers_and_ci_name_every_python_that_dagster_supports() -> None:
    supported = SpecifierSet(metadata.metadata("dagster")["Requires-Python"])
    ours = SpecifierSet(PROJECT["requires-python"])
    minors = [minor for minor in range(100) if (version := f"3.{minor}") in supported and version in ours]
    named = [text.rpartition(".")[2] for text in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", text)]
    assert list(map(int, named)) == minors
    (tried,) = re.findall(r"for minor in ([\d ]+);", CHECKS)
    assert list(map(int, tried.split())) == minors[::-1]


@pytest.mark.parametrize("source", [source.name for source in SOURCES])
def test_the_settings_of_every_source_are_listed(source: str) -> None:
    settings = re.findall(r"^# (\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert {f"EVERY_EVAL_{source.upper()}_{name}" for name in ("ROOT", "LISTING")} <= set(settings)
