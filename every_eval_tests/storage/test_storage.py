"""Which names objects and folders may have."""

import pytest

from every_eval.storage.storage import is_object_name, is_prefix


@pytest.mark.parametrize("name", ["a", "a/b", "a:b=c,d@e f/..g", "...", "é"])
def test_names_of_objects_are_relative_and_written_in_one_way(name: str) -> None:
    assert is_object_name(name) and is_prefix(f"{name}/") and not is_prefix(name)


@pytest.mark.parametrize("name", ["", "/", "/a", "a/", "a//b", "a/./b", "../a", "a/..", "a\\b", "a\0b"])
def test_other_names_are_refused(name: str) -> None:
    assert not is_object_name(name)


def test_the_empty_prefix_names_the_root() -> None:
    assert is_prefix("") and not is_prefix("/")
