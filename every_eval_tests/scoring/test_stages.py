"""The folders of scoring follow the daily job, and import only from the stages before them."""

import ast
from pathlib import Path

import pytest

import every_eval.scoring

PACKAGE = Path(every_eval.scoring.__file__).parent
STAGES = (
    "scores_listing",
    "change_detection",
    "state",
    "responses",
    "comparisons",
    "tables",
    "checks",
    "isolation",
    "presentation",
    "previous_scores",
    "standing_checks",
    "compared_release",
    "item_tables",
    "release_tables",
    "source_comparisons",
    "benchmark_scorer",
    "benchmark_part",
    "build",
)
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name not in {"__init__.py", "scorer.py"})


def stage(names: tuple[str, ...]) -> int:
    return STAGES.index(names[0].removesuffix(".py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_stage_imports_only_from_the_stages_before_it(path: Path) -> None:
    prefix = "every_eval.scoring."
    imported = [
        node.module
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith(prefix)
    ]
    own = stage(path.relative_to(PACKAGE).parts)
    assert [name for name in imported if stage((str(name).removeprefix(prefix).split(".")[0],)) > own] == []
    assert not any("SOURCES" in line for line in path.read_text().splitlines())
