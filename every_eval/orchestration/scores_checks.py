"""Checks of the scores repo's assets."""

from collections.abc import Iterator
from typing import Final

import dagster as dg
import pyarrow as pa

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.orchestration.asset_keys import CROSS_SOURCE_KEY, CheckName, asset_key, scores_tables
from every_eval.orchestration.metadata import markdown
from every_eval.scoring.scorer import Scored
from every_eval.sources.source import Source

MAX_SHOWN: Final = 50
"""Cells that a check shows."""
CONTRACT_MEANING: Final = "Every row follows the table's contract: columns, types, limits and unique keys."


def scores_check_specs(source: Source) -> list[dg.AssetCheckSpec]:
    """Return the checks of the tables that hold a source's scores."""
    return [
        *(
            dg.AssetCheckSpec(CheckName.CONTRACT.value, asset=asset_key(source, table), description=CONTRACT_MEANING)
            for table in scores_tables(source)
        ),
        dg.AssetCheckSpec(
            CheckName.VALIDATION.value,
            asset=asset_key(source, COMPREHENSIVE_STATS),
            description="Counts, limits and keys of the scores fit the statistics that they were made from, and every "
            "run of the newest release has a score.",
        ),
        *(
            dg.AssetCheckSpec(
                CheckName.PUBLISHED.value,
                asset=asset_key(source, table),
                description="Every cell of the tables that the source publishes equals what its statistics give.",
            )
            for table in source.published_contracts
        ),
    ]


def scores_evaluations(source: Source, scored: Scored) -> Iterator[dg.AssetCheckEvaluation]:
    """Yield the results of the checks of what is published.

    Validation is of what a run makes. A run that found nothing new leaves the last result of validation as it is.
    """
    keys = {table: asset_key(source, table) for table in scores_tables(source)}
    for key in [*keys.values(), CROSS_SOURCE_KEY]:
        yield dg.AssetCheckEvaluation(
            asset_key=key, check_name=CheckName.CONTRACT.value, passed=True, description=CONTRACT_MEANING
        )
    if scored.checks:
        yield _validation_evaluation(keys[COMPREHENSIVE_STATS], scored)
    cells = wrong_cells(scored)
    for table in source.published_contracts:
        yield dg.AssetCheckEvaluation(
            asset_key=keys[table],
            check_name=CheckName.PUBLISHED.value,
            passed=cells.num_rows == 0,
            metadata={"cells": cells.num_rows, "first_cells": dg.MetadataValue.md(shown_cells(cells))},
            description=f"{cells.num_rows} cells of the published tables differ from what the statistics give.",
        )


def wrong_cells(scored: Scored) -> pa.Table:
    """Return the cells of published tables that differ from ours."""
    return pa.table({}) if scored.disagreements is None else scored.disagreements


def shown_cells(cells: pa.Table) -> str:
    """Render the first cells as a Markdown table."""
    return markdown(cells.slice(0, MAX_SHOWN).to_pylist())


def _validation_evaluation(key: dg.AssetKey, scored: Scored) -> dg.AssetCheckEvaluation:
    failed = [check for check in scored.checks if not check.passed]
    return dg.AssetCheckEvaluation(
        asset_key=key,
        check_name=CheckName.VALIDATION.value,
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={check.name: dict(check.details) for check in scored.checks},
        description="; ".join(f"{check.name}: {check.n_problems} problems" for check in failed) or "No problem found.",
    )
