"""Rows of cross_source: models that several sources evaluated, matched by their names alone."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from every_eval.contracts.cross_source import CROSS_SOURCE, SAME_BUT_FOR_CASE, SAME_NAME, SOURCE_STANDING

Row = Mapping[str, Any]


def cross_source(leaderboards: Iterable[pa.Table]) -> pa.Table:
    """Return rows of the contract `cross_source`, from the leaderboards of any number of sources, in any order."""
    rows = [row for board in leaderboards for row in board.to_pylist()]
    n_ranked = Counter((row["source"], row["benchmark"]) for row in rows if row["rank"] is not None)
    models: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if (model := model_id(row["model_name"])) is not None:
            models[model].append(row | {"n_ranked": n_ranked[row["source"], row["benchmark"]]})
    matched = [_row(model, models[model]) for model in sorted(models)]
    return pa.Table.from_pylist([row for row in matched if row["n_sources"] > 1], schema=CROSS_SOURCE.schema)


def model_id(name: str | None) -> str | None:
    """Return a model's creator/name in lower case; null if the name has no creator, or states a revision or adapter."""
    creator, slash, model = (name or "").partition("/")
    is_plain = bool(creator and slash and model) and not any(mark in model for mark in "/@+")
    return f"{creator}/{model}".casefold() if is_plain else None


def _row(model: str, standings: Sequence[Row]) -> dict[str, Any]:
    ordered = sorted(standings, key=_key)
    return {
        "model_id": model,
        "match_rule": SAME_NAME if len({row["model_name"] for row in standings}) == 1 else SAME_BUT_FOR_CASE,
        "n_sources": len({row["source"] for row in standings}),
        "standings": [{field.name: row[field.name] for field in SOURCE_STANDING} for row in ordered],
    }


def _key(row: Row) -> tuple[str, ...]:
    return (row["source"], row["benchmark"], row["model_name"], row["model_deployment"] or "")
