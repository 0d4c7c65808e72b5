"""The tables of the scores repo that every source has, each in one newest file."""

from typing import Final

from every_eval.contracts.calibration import CALIBRATION
from every_eval.contracts.changes import CHANGES
from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.cross_benchmark import CROSS_BENCHMARK
from every_eval.contracts.history import HISTORY
from every_eval.contracts.items import ITEMS
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.pairs import PAIRS
from every_eval.contracts.robustness import ROBUSTNESS

TABLES_OF_SOURCE: Final = (
    COMPREHENSIVE_STATS,
    LEADERBOARD,
    PAIRS,
    ITEMS,
    ROBUSTNESS,
    CALIBRATION,
    HISTORY,
    CHANGES,
    CROSS_BENCHMARK,
)
"""Tables that hold the scores of one source, each an asset of the source."""
