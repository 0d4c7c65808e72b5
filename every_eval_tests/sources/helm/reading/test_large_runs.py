"""Runs whose files are too large to be decoded at once."""

from collections.abc import Iterator
from io import BytesIO

import pytest

from every_eval.sources.helm.reading import metric_index
from every_eval.sources.helm.reading.run_reader import HelmRunReader
from every_eval.sources.source import Input, Run, RunRows
from every_eval_tests.rows_of_runs import gather
from every_eval_tests.sources.helm.made_up import FACTS, TYPOS, Files, files, raw_of, stat

PIECE_BYTES = 20_000


class Watched(BytesIO):
    """A file that remembers the largest number of bytes that was read from it at once."""

    most = 0

    def read(self, size: int | None = -1) -> bytes:
        """Read as any file does, and remember the size."""
        raw = super().read(size)
        self.most = max(self.most, len(raw))
        return raw


def _states(n_states: int) -> Files:
    """Return a run that HELM has not summarised, in which every third instance has two outputs."""
    instances = [
        {"id": f"id{number}", "input": {"text": "Why? " * 20}, "references": [], "split": "test"}
        for number in range(n_states)
    ]
    states = [
        {
            "instance": instance,
            "train_trial_index": 0,
            "request": {"prompt": "Q: " + "Why? " * 20},
            "result": {"completions": [{"text": f" {copy}", "tokens": [{"text": "x"}] * 20}]},
        }
        for number, instance in enumerate(instances)
        for copy in range(2 if number % 3 == 0 else 1)
    ]
    entries = [
        {"instance_id": instance["id"], "train_trial_index": 0, "stats": [stat("exact_match", 1.0), stat("f1", 0.25)]}
        for instance in instances
    ]
    state = {"adapter_spec": {"method": "generation"}, "request_states": states, "more": [1]}
    found = files(scenario_state=state, per_instance_stats=entries)
    return {name: content for name, content in found.items() if not name.startswith(("display", "instances"))}


def _pieces(content: Files, opened: dict[str, Watched], whole_bytes: int = 0) -> Iterator[RunRows]:
    raw = {name: raw_of(value) for name, value in content.items()}
    inputs = tuple(Input(name, len(value), "w") for name, value in raw.items())
    run = Run("helm", "lite", "v1", "quiz:subject=x,model=m_a", "runs/x", inputs, facts=FACTS)

    def open_file(name: str) -> Watched:
        opened[name] = Watched(raw[name])
        return opened[name]

    return HelmRunReader(run, open_file, whole_bytes, PIECE_BYTES).pieces()


def test_no_more_of_a_large_file_is_held_than_a_piece() -> None:
    content = _states(300)
    opened: dict[str, Watched] = {}
    found = list(_pieces(content, opened))

    for name in ("scenario_state.json", "per_instance_stats.json"):
        assert len(raw_of(content[name])) > 8 * PIECE_BYTES
        assert opened[name].most <= PIECE_BYTES
    assert max(piece.samples.num_rows for piece in found) < 40
    assert max(piece.metrics.num_rows for piece in found) < 150
    assert sum(piece.samples.num_rows for piece in found) == 400


def test_outputs_that_share_a_key_are_known_for_it_across_pieces() -> None:
    content = _states(300)
    rows = gather(_pieces(content, {}))

    assert rows == gather(_pieces(content, {}, whole_bytes=1 << 30))
    shared = [number % 3 == 0 for number in range(300) for _ in range(2 if number % 3 == 0 else 1)]
    assert rows.samples["evaluation_score"].to_pylist() == [None if both else 1.0 for both in shared]
    assert rows.samples["occurrence"].to_pylist().count(1) == 100


@pytest.mark.parametrize("most_rows", [0, 3, 10**6])
def test_statistics_are_the_same_however_many_metrics_they_are_made_from_at_a_time(
    monkeypatch: pytest.MonkeyPatch, most_rows: int
) -> None:
    names = ("logprob", "num_bytes", "num_perplexity_tokens", "exact_match", "f1")
    changed: list[Files] = [{}, {"perturbation": TYPOS}]
    entries = [
        {
            "instance_id": f"id{number}",
            "train_trial_index": trial,
            "stats": [stat(name, (number + 1) * 0.7 + place, **how) for place, name in enumerate(names)],
            **how,
        }
        for number in range(7)
        for trial in range(2)
        for how in changed
    ]
    content = files(per_instance_stats=entries)
    at_once = gather(_pieces(content, {}, whole_bytes=1 << 30)).stats
    monkeypatch.setattr(metric_index, "MAX_ROWS", most_rows)

    assert gather(_pieces(content, {}, whole_bytes=1 << 30)).stats.equals(at_once)
    assert {"perplexity", "bits_per_byte", "logprob_per_byte"} <= set(at_once["metric_name"].to_pylist())
    assert "worst" in at_once["computed_on"].to_pylist()
