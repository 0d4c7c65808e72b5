"""Acknowledged faults: the entry that a failure prints names the fault once a person has added the reason."""

from pathlib import Path

import pytest
import yaml

from every_eval.orchestration.acknowledged import FaultKey, Value, read_acknowledged

PLACE = 'mmlu/v1.0.0/mmlu:subject=a,model=b_c: mean of it\'s [x] {y} # "z" on test'


def with_reason(entry: str) -> str:
    return entry.replace('reason: ""', 'reason: "known, since May"')


@pytest.mark.parametrize(
    ("ours", "reported"),
    [
        (0.45, 0.125),
        (1e-05, 1e300),
        (1 / 3, None),
        (0.0, -7.0),
        ("0123456789ab", "12345e678901"),
        ("inf", "nan"),
        (3, 4),
    ],
)
def test_the_printed_entry_is_read_back_as_the_same_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ours: Value, reported: Value
) -> None:
    key = FaultKey("helm/stats reported", PLACE, ours, reported)
    assert "\n" not in key.entry()
    file = tmp_path / "known.yaml"
    file.write_text(with_reason(key.entry()))
    monkeypatch.setenv("EVERY_EVAL_ACKNOWLEDGED", str(file))
    entries = read_acknowledged()
    assert entries.reason(key) == "known, since May"
    assert entries.reason(key._replace(ours=0.46)) is None
    assert entries.reason(key._replace(reported=0.46)) is None
    assert entries.reason(key._replace(place="elsewhere")) is None


def test_an_entry_is_unmatched_only_if_its_check_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [FaultKey("a reported", "here", 1.0, 2.0), FaultKey("b reported", "there", 1.0, 2.0)]
    file = tmp_path / "known.yaml"
    file.write_text("\n".join(with_reason(key.entry()) for key in keys))
    assert len(yaml.safe_load(file.read_text())) == len(keys)
    monkeypatch.setenv("EVERY_EVAL_ACKNOWLEDGED", str(file))
    entries = read_acknowledged()
    assert [entry.key for entry in entries.unmatched(["a reported"], [])] == keys[:1]
    assert entries.unmatched(["a reported", "b reported"], keys) == []
