"""Rows of cross_source: models that several sources evaluated, matched by their names, and their runs."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import islice
from typing import Any

import pyarrow as pa

from every_eval.contracts.cross_source import (
    COMPARISONS,
    CROSS_SOURCE,
    SAME_BUT_FOR_CASE,
    SAME_NAME,
    SOURCE_STANDING,
)
from every_eval.contracts.model_names import DECLARED_REPO, model_id
from every_eval.scoring.tables.paired_rows import with_adjusted_p
from every_eval.sources.distinct import distinct

Row = Mapping[str, Any]


def cross_source(leaderboards: Iterable[pa.Table], comparisons: Mapping[str, Sequence[Row]]) -> pa.Table:
    """Return the table `cross_source`: a row for each model that several sources name.

    Args:
        leaderboards: Leaderboards of any number of sources, in any order.
        comparisons: Values of `SOURCE_COMPARISON` of each model, in any order, without adjusted p-values.
    """
    rows = [row for board in leaderboards for row in board.to_pylist()]
    n_ranked = Counter((row["source"], row["benchmark"]) for row in rows if row["rank"] is not None)
    models: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if (model := model_id(row["model_name"])) is not None:
            models[model].append(row | {"n_ranked": n_ranked[row["source"], row["benchmark"]]})
    matched = [row for model in sorted(models) if (row := _row(model, models[model]))["n_sources"] > 1]
    compared = [sorted(comparisons.get(row["model_id"], ()), key=_order) for row in matched]
    whole = iter(with_adjusted_p([one for of_model in compared for one in of_model]))
    for row, of_model in zip(matched, compared, strict=True):
        row[COMPARISONS] = list(islice(whole, len(of_model))) or None
    return pa.Table.from_pylist(matched, schema=CROSS_SOURCE.schema)


def matched_models(leaderboards: Iterable[pa.Table]) -> dict[str, set[tuple[str, str]]]:
    """Return source and benchmark of the leaderboards that name each model, of models that several sources name."""
    places: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for board in filter(len, leaderboards):
        for source, benchmark, name in distinct(board, ["source", "benchmark", "model_name"])[1]:
            if (model := model_id(name)) is not None:
                places[model].add((source, benchmark))
    return {model: found for model, found in places.items() if len({source for source, _ in found}) > 1}


def _row(model: str, standings: Sequence[Row]) -> dict[str, Any]:
    ordered = sorted(standings, key=_key)
    return {
        "model_id": model,
        "match_rule": _match_rule({row["model_name"] for row in standings}),
        "n_sources": len({row["source"] for row in standings}),
        "standings": [{field.name: row[field.name] for field in SOURCE_STANDING} for row in ordered],
    }


def _match_rule(names: Set[str]) -> str:
    if len(names) == 1:
        return SAME_NAME
    return SAME_BUT_FOR_CASE if len({name.casefold() for name in names}) == 1 else DECLARED_REPO


def _order(row: Row) -> tuple[str, ...]:
    names = ("source", "benchmark", "suite", "run", "metric_name", "split", "sub_split")
    return tuple(row[f"{name}_{side}"] or "" for side in ("a", "b") for name in names)


def _key(row: Row) -> tuple[str, ...]:
    return (row["source"], row["benchmark"], row["model_name"], row["model_deployment"] or "")
