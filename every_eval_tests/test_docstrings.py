"""Every public method has a docstring, written or inherited; the linter cannot tell which methods inherit."""

import ast
from pathlib import Path

import every_eval

PACKAGE = Path(every_eval.__file__).parent
TREES = {path.relative_to(PACKAGE.parent): ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}
CLASSES = [(path, node) for path, tree in TREES.items() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def bases(node: ast.ClassDef) -> set[str]:
    return {ast.unparse(base).split("[")[0] for base in node.bases}


def methods(node: ast.ClassDef) -> list[ast.FunctionDef]:
    return [item for item in node.body if isinstance(item, ast.FunctionDef) and not item.name.startswith("_")]


def test_a_public_method_has_a_docstring_or_implements_one_that_has() -> None:
    ours = {node.name for _, node in CLASSES}
    declared = {
        method.name
        for _, node in CLASSES
        if "Protocol" in bases(node)
        for method in methods(node)
        if ast.get_docstring(method)
    }
    # A class with a base from elsewhere, a request handler for instance, inherits from there.
    bare = [
        f"{path}:{method.lineno} {node.name}.{method.name}"
        for path, node in CLASSES
        if not node.name.startswith("_") and bases(node) <= ours | {"Protocol"}
        for method in methods(node)
        if not ast.get_docstring(method) and method.name not in declared
    ]
    assert bare == []
