from collections import Counter
from dataclasses import dataclass, field, replace
from hashlib import md5
from io import BytesIO
from threading import Lock
from typing import IO, Any

import pytest

from every_eval.errors import UpstreamUnavailable
from every_eval.ingestion.workers.read_ahead import ReadAhead, open_inputs
from every_eval.network.content import Digested, checked, digested
from every_eval.sources.source import Input, Run


@dataclass
class CountedStorage:
    """A storage that counts how often each object is opened."""

    contents: dict[str, bytes]
    is_remote: bool = True
    opened: Counter[str] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)

    def open(self, name: str, witness: str, md5: str) -> IO[bytes]:
        assert witness == "w"
        with self.lock:
            self.opened[name] += 1
        return checked(BytesIO(self.contents[name]), md5, name)

    def open_digested(self, name: str, witness: str) -> Digested:
        assert witness == "w"
        with self.lock:
            self.opened[name] += 1
        return digested(BytesIO(self.contents[name]))


def _run(number: int, *sizes: int) -> tuple[Run, dict[str, bytes]]:
    contents = {f"{name}.json": bytes([number]) * size for name, size in zip("abcd", sizes, strict=False)}
    inputs = tuple(Input(name, len(raw), "w", md5(raw).hexdigest()) for name, raw in contents.items())
    run = Run("helm", "lite", "v1", f"r{number}", f"runs/r{number}", inputs)
    return run, {f"{run.folder}/{name}": raw for name, raw in contents.items()}


def _storage(*made: tuple[Run, dict[str, bytes]]) -> Any:
    return CountedStorage({name: raw for _, contents in made for name, raw in contents.items()})


def test_every_input_is_opened_once_and_has_its_content() -> None:
    made = [_run(number, 10, 20, 30) for number in range(20)]
    storage = _storage(*made)
    with ReadAhead(storage, n_threads=4, max_bytes=100) as ahead:
        ahead.expect(run for run, _ in made)
        for run, contents in made:
            for item in reversed(run.inputs):
                assert ahead.open(run, item.name)[0].read() == contents[f"{run.folder}/{item.name}"]
            ahead.finish(run)

    assert set(storage.opened.values()) == {1} and len(storage.opened) == 60


def test_no_more_is_opened_ahead_than_the_limit_allows() -> None:
    made = [_run(number, 40, 40) for number in range(10)]
    storage = _storage(*made)
    with ReadAhead(storage, n_threads=2, max_bytes=100) as ahead:
        ahead.expect(run for run, _ in made)
        ahead._threads.submit(int).result()

    assert sum(storage.opened.values()) <= 2  # 40 + 40 bytes; a third input would make them 120


@pytest.mark.parametrize("stated", [1, None])
def test_the_limit_holds_for_the_bytes_in_memory_and_not_for_the_stated_sizes(stated: int | None) -> None:
    made = [_run(number, 60) for number in range(10)]
    runs = [replace(run, inputs=(Input("a.json", stated, "w"),)) for run, _ in made]
    storage = _storage(*made)
    with ReadAhead(storage, n_threads=1, max_bytes=100) as ahead:
        ahead.expect(runs)
        for _ in range(20):
            ahead._threads.submit(int).result()
        # As stated, all ten would fit. Two are on their way at most, and when the first is here, there is room for a
        # third: 60 + 1 + 1 bytes. Of unstated size, each might be too large, but for the first.
        assert sum(storage.opened.values()) == (3 if stated else 1)
        for number, run in enumerate(runs):
            file, item = ahead.open(run, "a.json")
            assert (file.read(), item.size) == (bytes([number]) * 60, 60)

    assert set(storage.opened.values()) == {1} and len(storage.opened) == 10


def test_an_input_above_the_limit_is_opened_alone() -> None:
    made = _run(1, 500, 10)
    with ReadAhead(_storage(made), max_bytes=100) as ahead:
        ahead.expect([made[0]])

        assert [len(ahead.open(made[0], name)[0].read()) for name in ("a.json", "b.json")] == [500, 10]


def test_inputs_that_were_not_opened_are_released_when_their_run_is_finished() -> None:
    skipped, wanted = _run(1, 90, 90), _run(2, 90)
    storage = _storage(skipped, wanted)
    with ReadAhead(storage, n_threads=1, max_bytes=100) as ahead:
        ahead.expect([skipped[0], wanted[0]])
        ahead.finish(skipped[0])
        ahead._threads.submit(int).result()

        assert storage.opened["runs/r2/a.json"] == 1
    assert storage.opened["runs/r1/b.json"] == 0


def test_an_input_of_a_run_that_was_not_announced_can_be_opened() -> None:
    made = _run(1, 10)
    with ReadAhead(_storage(made)) as ahead:
        assert ahead.open(made[0], "a.json")[0].read() == b"\x01" * 10


def test_opening_a_changed_input_is_an_error_and_the_next_input_can_be_opened() -> None:
    made = _run(1, 10, 10)
    storage = _storage(made)
    storage.contents["runs/r1/a.json"] = b"else"
    with ReadAhead(storage) as ahead:
        ahead.expect([made[0]])
        with pytest.raises(UpstreamUnavailable, match=r"runs/r1/a\.json is not what was listed"):
            ahead.open(made[0], "a.json")

        assert len(ahead.open(made[0], "b.json")[0].read()) == 10


@pytest.mark.parametrize("is_remote", [True, False])
def test_only_inputs_on_a_network_are_opened_ahead(is_remote: bool) -> None:
    made = _run(1, 10, 20)
    storage = _storage(made)
    storage.is_remote = is_remote
    with open_inputs(storage) as inputs:
        inputs.expect([made[0]])
        assert isinstance(inputs, ReadAhead) or not storage.opened
        with inputs.open(made[0], "a.json")[0] as file:
            assert file.read() == made[1]["runs/r1/a.json"]
        inputs.finish(made[0])

    assert isinstance(inputs, ReadAhead) is is_remote
