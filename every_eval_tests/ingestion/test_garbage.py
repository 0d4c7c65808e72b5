"""The collector stays off while something is made, and is as it was when it has been."""

import gc
from collections.abc import Iterator

import pytest

from every_eval.ingestion.garbage import uncollected


@pytest.fixture(params=[True, False], ids=["on", "off"])
def is_enabled(request: pytest.FixtureRequest) -> Iterator[bool]:
    before = gc.isenabled()
    gc.enable() if request.param else gc.disable()
    yield request.param
    gc.enable() if before else gc.disable()


def test_the_collector_is_off_inside_and_as_before_behind(is_enabled: bool) -> None:
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled() == is_enabled


def test_an_error_leaves_it_as_it_was(is_enabled: bool) -> None:
    with pytest.raises(ValueError), uncollected():
        raise ValueError
    assert gc.isenabled() == is_enabled
