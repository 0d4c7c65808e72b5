"""Read what the checks say of all published scores of a source, also when a run finds nothing new."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from every_eval.hub.hub import Snapshot
from every_eval.scoring.checks.check import Check
from every_eval.scoring.checks.check_table import (
    LeftOut,
    left_out,
    published_cells,
    uncompared_releases,
    validation_checks,
)
from every_eval.scoring.previous_scores import PreviousScores
from every_eval.sources.source import Source


@dataclass(frozen=True)
class StandingChecks:
    """What the checks found in the scores that are published."""

    validation: Sequence[Check]
    """Checks of our own numbers, one for each name, over the newest releases of all benchmarks."""
    cells: Check | None
    """Check of the source's own tables, over all releases that were ever recomputed; null if the source publishes no
    such tables, or if nothing is published."""
    disagreements: pa.Table | None
    """Cells of the source's own tables, as last published, that differ from ours; null as `cells`."""
    uncompared: Sequence[str] = ()
    """Releases with such tables of which no cell could be compared."""
    left_out: Sequence[LeftOut] = ()
    """What could not be scored."""


def standing_checks(scores: Snapshot, source: Source) -> StandingChecks:
    """Return the checks of a source's published scores, as of one commit of the scores repo."""
    previous = PreviousScores(scores, source)
    return StandingChecks(
        validation_checks(previous.checks),
        published_cells(previous.checks),
        previous.disagreements,
        uncompared_releases(previous.checks),
        left_out(previous.checks),
    )
