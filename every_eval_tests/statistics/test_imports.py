"""Statistics are mathematics alone: they import numpy, scipy, the standard library and each other."""

import ast
import sys
from pathlib import Path

import pytest

import every_eval.statistics

MODULES = sorted(Path(every_eval.statistics.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_statistics_import_nothing_but_numpy_scipy_and_each_other(path: Path) -> None:
    allowed = {"numpy", "scipy", *sys.stdlib_module_names}
    names = set[str]()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            names.add(str(node.module))
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    foreign = {name for name in names if name.split(".")[0] not in allowed}
    assert {name for name in foreign if not name.startswith("every_eval.statistics.")} == set()
