"""The garbage collector is paused inside the context, and restored after it."""

import gc
from collections.abc import Iterator

import pytest

from every_eval.ingestion.gc_pause import gc_paused


@pytest.fixture(params=[True, False], ids=["on", "off"])
def is_enabled(request: pytest.FixtureRequest) -> Iterator[bool]:
    before = gc.isenabled()
    gc.enable() if request.param else gc.disable()
    yield request.param
    gc.enable() if before else gc.disable()


def test_the_collector_is_paused_inside_and_restored_after(is_enabled: bool) -> None:
    with gc_paused():
        assert not gc.isenabled()
        with gc_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled() == is_enabled


def test_an_error_restores_the_collector(is_enabled: bool) -> None:
    with pytest.raises(ValueError), gc_paused():
        raise ValueError
    assert gc.isenabled() == is_enabled
