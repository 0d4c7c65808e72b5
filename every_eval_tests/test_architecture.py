"""Imports flow downwards only, and the environment is read in one place."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import every_eval

PACKAGE = Path(every_eval.__file__).parent
LAYERS = {
    "errors": 0,
    "contracts": 1,
    "sources": 2,
    "storage": 2,
    "statistics": 2,
    "hub": 2,
    "orchestration": 3,
    "definitions": 4,
}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def layer(module: str) -> int:
    return LAYERS[module.split(".")[1]]


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield str(node.module)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_flow_downwards(path: Path) -> None:
    inner = [module for module in imports(path) if module.startswith("every_eval.")]
    assert [module for module in inner if layer(module) > layer(name_of(path))] == []


@pytest.mark.parametrize("path", [path for path in MODULES if layer(name_of(path)) < 3], ids=name_of)
def test_only_orchestration_knows_dagster_and_the_environment(path: Path) -> None:
    assert not {module.split(".")[0] for module in imports(path)} & {"dagster", "dotenv"}
    names = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
    assert not names & {"environ", "environb", "getenv"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_the_environment_is_read_by_resources_alone(path: Path) -> None:
    reads = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
    assert "environ" not in reads or path.name == "resources.py"
