import json
from collections.abc import Sequence
from typing import Any

import pytest

from every_eval.sources.helm.published_cells import PublishedCell, parse_group
from every_eval.sources.helm.tables.rules import Rules, rules_of
from every_eval_tests.sources.helm.tables.reported import SAMPLE_RELEASES, legacy, sample

OLD = "How many models this model outperform on average (over columns)."
NEW = "How many models this model outperforms on average (over columns)."


def _cells(first: str, description: str, levels: Sequence[str | None] = (None, None)) -> list[PublishedCell]:
    header: list[dict[str, Any]] = [
        {"value": first},
        {"value": "Mean win rate", "description": description},
        {"value": "EM"},
    ]
    rows = [[{"value": "a"}, {"value": 1}, {"value": 1, "contamination_level": level}] for level in levels]
    return parse_group("g", json.dumps([{"title": "t", "header": header, "rows": rows}]).encode())


@pytest.mark.parametrize(("benchmark", "name"), SAMPLE_RELEASES)
def test_tables_of_0_5_4_share_ties(benchmark: str, name: str) -> None:
    rules = rules_of(sample(benchmark, name)[0].cells)

    assert rules == Rules(ties_by_row=False, mean_label="Mean performance", drops_bare_tables=False)


def test_tables_of_0_2_4_rank_ties_by_row() -> None:
    assert rules_of(legacy()[0].cells).ties_by_row


def test_the_newest_rules_are_told_by_the_header() -> None:
    assert rules_of(_cells("Model", NEW)) == Rules()


def test_without_published_tables_the_newest_rules_hold() -> None:
    assert rules_of([]) == Rules()


def test_strong_contamination_counts_only_by_the_old_rule() -> None:
    levels = ["weak", "strong"]

    assert rules_of(_cells("Model/adapter", OLD, levels)).strong == {("g", 0, 1, 2)}
    assert rules_of(_cells("Model/adapter", NEW, levels)).strong == frozenset()


def test_a_published_table_of_labels_alone_shows_that_bare_tables_were_kept() -> None:
    bare = parse_group("h", b'[{"title": "t", "header": [{"value": "Model"}], "rows": [[{"value": "a"}]]}]')

    assert not rules_of([*_cells("Model", NEW), *bare]).drops_bare_tables
