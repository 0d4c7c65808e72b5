"""Imports flow downwards only, and the environment is read in one place."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import every_eval
from every_eval.sources import SOURCES

PACKAGE = Path(every_eval.__file__).parent
FLOORS = (
    "errors",
    "statistics",
    "contracts",
    "network",
    "storage",
    "hub",
    "sources",
    "ingestion",
    "scoring",
    "settings",
    "readers",
    "export",
    "page",
    "orchestration",
    "definitions",
)
"""The packages from the lowest floor to the highest: each imports from itself and from the floors below it."""
STRANGERS = {"scoring": {"ingestion", *(f"sources.{source.name}" for source in SOURCES)}}
"""Packages that a package must not import although they are below it: the two jobs share nothing but the data."""
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


def floor(module: str) -> int:
    return FLOORS.index(module.split(".")[1])


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and module of each import, also of those inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            yield node.lineno, str(node.module)


def edges(path: Path) -> Iterator[tuple[str, str]]:
    """Where an import stands (file and line), and the module of ours that is imported."""
    for line, module in imports(path):
        if module.startswith("every_eval."):
            yield f"{path.relative_to(PACKAGE.parent)}:{line} imports {module}", module


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_flow_downwards(path: Path) -> None:
    assert [where for where, module in edges(path) if floor(module) > floor(name_of(path))] == []


@pytest.mark.parametrize("path", [path for path in MODULES if PACKAGE / "scoring" in path.parents], ids=name_of)
def test_scoring_knows_nothing_of_ingestion_and_of_single_sources(path: Path) -> None:
    package = "scoring"
    strangers = tuple(f"every_eval.{name}" for name in STRANGERS[package])
    assert [where for where, module in edges(path) if f"{module}.".startswith(tuple(f"{s}." for s in strangers))] == []


@pytest.mark.parametrize("path", [path for path in MODULES if path.parent.name == "statistics"], ids=name_of)
def test_statistics_are_mathematics_alone(path: Path) -> None:
    if path.parent.parent != PACKAGE:
        return
    assert [where for where, module in edges(path) if not module.startswith("every_eval.statistics.")] == []


@pytest.mark.parametrize("path", [path for path in MODULES if floor(name_of(path)) < floor("every_eval.orchestration")])
def test_only_orchestration_knows_dagster(path: Path) -> None:
    lines = [line for line, module in imports(path) if module.split(".")[0] in {"dagster", "dotenv"}]
    assert [f"{path}:{line}" for line in lines] == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_the_environment_is_read_by_settings_alone(path: Path) -> None:
    reads = [
        f"{path}:{node.lineno} reads the environment"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"}
    ]
    reads += [f"{path}:{line} imports {module}" for line, module in imports(path) if module == "pydantic_settings"]
    assert reads == [] or path == PACKAGE / "settings.py"
