from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from every_eval.errors import ConfigurationError
from every_eval.scoring.tables.registry import read_registry


def alias(name: str, to: str, kind: str = "model", **values: Any) -> dict[str, Any]:
    defaults = {"source_config": None, "status": "confirmed", "strategy": "exact", "confidence": 1.0}
    return {"raw_value": name, "entity_type": kind, "canonical_id": to, **defaults, **values}


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows)), path)
    return path


def test_a_name_is_looked_up_exactly_and_by_its_kind(tmp_path: Path) -> None:
    file = write(tmp_path / "any.parquet", alias("a/b", "A/B"), alias("gsm", "gsm8k", "benchmark", confidence=0.5))
    registry = read_registry(file)
    model, scenario = registry.entry("model", "a/b"), registry.entry("scenario", "gsm")
    assert model is not None
    assert scenario is not None
    assert (model["canonical_id"], scenario["canonical_id"], scenario["confidence"]) == ("A/B", "gsm8k", 0.5)
    assert registry.entry("model", "A/b") is None
    assert registry.entry("model", "gsm") is None


@pytest.mark.parametrize("path", ["aliases.parquet", "aliases/part-0.parquet"])
def test_the_layouts_of_the_registry_and_of_its_dataset_are_found(tmp_path: Path, path: str) -> None:
    write(tmp_path / path, alias("a/b", "A/B"))
    assert read_registry(tmp_path).entry("model", "a/b") is not None


def test_entries_that_were_rejected_or_are_of_one_leaderboard_or_ambiguous_are_not_used(tmp_path: Path) -> None:
    rows = (
        alias("rejected", "x", status="rejected"),
        alias("scoped", "x", source_config="hal"),
        alias("doubtful", "x"),
        alias("doubtful", "y"),
        alias("twice", "x"),
        alias("twice", "x"),
    )
    registry = read_registry(write(tmp_path / "file", *rows))
    names = ("rejected", "scoped", "doubtful", "twice")
    assert [name for name in names if registry.entry("model", name)] == ["twice"]


def test_without_the_setting_the_registry_is_empty() -> None:
    assert read_registry(None).entry("model", "a/b") is None


def test_what_is_no_registry_is_an_error_that_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"EVERY_EVAL_REGISTRY=.* no folder with aliases\.parquet"):
        read_registry(tmp_path)
    (tmp_path / "text").write_text("no Parquet")
    with pytest.raises(ConfigurationError, match=r"EVERY_EVAL_REGISTRY: .* cannot be read as Parquet"):
        read_registry(tmp_path / "text")
    other = write(tmp_path / "other", {"raw_value": "a"})
    with pytest.raises(ConfigurationError, match="has no column entity_type"):
        read_registry(other)
