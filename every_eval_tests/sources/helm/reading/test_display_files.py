"""The three display files are joined in the same way whether they are small or large."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from every_eval.sources.helm.reading.run_reader import HelmRunReader
from every_eval.sources.source import Input, Run, RunRows
from every_eval_tests.rows_of_runs import gather
from every_eval_tests.sources.helm.made_up import FACTS, TYPOS, Files, files, raw_of, read, rejects
from every_eval_tests.sources.helm.reading.test_large_runs import PIECE_BYTES, Watched

DISPLAY = ("instances.json", "display_predictions.json", "display_requests.json")


def _run(n_instances: int, n_trials: int = 1) -> Files:
    """Return files as HELM writes them: one trial after the other, each with all instances in their order."""
    asked = [(number, trial) for trial in range(n_trials) for number in range(n_instances)]
    return files(
        instances=[
            {"id": f"id{number}", "input": {"text": f"Why {number}? " * 20}, "references": [], "split": "test"}
            for number in range(n_instances)
        ],
        display_predictions=[
            {"instance_id": f"id{number}", "train_trial_index": trial, "predicted_text": f"{trial}: {number}" * 20}
            for number, trial in asked
        ],
        display_requests=[
            {"instance_id": f"id{number}", "train_trial_index": trial, "request": {"prompt": f"{trial}? {number}" * 20}}
            for number, trial in asked
        ],
        per_instance_stats=[],
    )


def _pieces(content: Files, opened: dict[str, list[Watched]], whole_bytes: int = 0) -> Iterator[RunRows]:
    raw = {name: raw_of(value) for name, value in content.items()}
    run = Run("helm", "lite", "v1", "quiz:subject=x,model=m_a", "runs/x",
              tuple(Input(name, len(value), "w") for name, value in raw.items()), facts=FACTS)  # fmt: skip

    def open_file(name: str) -> Watched:
        opened.setdefault(name, []).append(Watched(raw[name]))
        return opened[name][-1]

    return HelmRunReader(run, open_file, whole_bytes, PIECE_BYTES).pieces()


@pytest.mark.parametrize("n_trials", [1, 3])
def test_each_file_is_opened_once_and_no_more_of_it_held_than_a_piece(n_trials: int) -> None:
    content = _run(500, n_trials)
    opened: dict[str, list[Watched]] = {}
    found = list(_pieces(content, opened))

    for name in DISPLAY:
        assert len(raw_of(content[name])) > 5 * PIECE_BYTES
        [file] = opened[name]
        assert file.most <= PIECE_BYTES and file.closed
    assert max(piece.samples.num_rows for piece in found) < 40
    assert gather(found) == gather(_pieces(content, {}, whole_bytes=1 << 30))
    assert gather(found).samples["prompt"].to_pylist() == [
        request["request"]["prompt"] for request in content["display_requests.json"]
    ]


def test_one_large_file_is_enough() -> None:
    content = _run(100)
    sizes = sorted(len(raw_of(content[name])) for name in DISPLAY)
    found = list(_pieces(content, {}, whole_bytes=sizes[-2]))
    assert len([piece for piece in found if piece.samples.num_rows]) > 1
    assert gather(found) == gather(_pieces(content, {}, whole_bytes=1 << 30))


def _disordered(chance: random.Random) -> Files:
    """Return files in other orders, with repeated keys, and with elements missing, doubled or unreadable."""
    content = _run(chance.randrange(1, 12), chance.randrange(1, 3))
    for name in DISPLAY:
        elements: list[Any] = content[name]
        elements += [element | {"perturbation": TYPOS} for element in elements if chance.random() < 0.3]
        if name != "instances.json":
            elements += [element | {"reference_index": 1} for element in elements if chance.random() < 0.2]
        for _ in range(chance.randrange(3)):
            change = chance.choice(["drop", "double", "spoil", "swap"])
            number = chance.randrange(len(elements))
            if change == "drop":
                elements.pop(number)
            elif change == "double":
                elements.append(elements[number])
            elif change == "spoil":
                elements[number] = chance.choice([1, {"id": 5}, {"id": "x", "instance_id": "x", "perturbation": 5}])
            else:
                chance.shuffle(elements)
            elements += [elements[0]] if len(elements) == 1 else []
    return content


@pytest.mark.parametrize("seed", range(40))
def test_whatever_the_files_hold_comes_out_as_if_they_were_joined_at_once(seed: int) -> None:
    read(_disordered(random.Random(seed)))  # both ways, and compares them


def test_a_file_that_is_missing_is_told_and_the_rest_is_joined() -> None:
    for name in DISPLAY:
        content = _run(3) | {name: None}
        assert ("file_missing", name, None) in rejects(read(content))


def test_a_large_file_that_cannot_be_cut_is_read_at_once() -> None:
    content = _run(3)
    content["display_requests.json"] = raw_of(content["display_requests.json"])[:-30]
    assert ("not_json", "display_requests.json", None) in rejects(read(content))
