"""Python's garbage collector, which looks for cycles: there are none in what is read, but a lot to look through."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the collector from starting by itself; memory is freed without it as long as no object refers to itself."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def each_uncollected(items: Iterator[T]) -> Iterator[T]:
    """The same items, each made without the collector."""
    while True:
        with uncollected():
            item = next(items, None)
        if item is None:
            return
        yield item
