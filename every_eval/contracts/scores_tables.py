"""The tables of the scores repo of which every source has one newest file, and those over all sources."""

from typing import Final

from every_eval.contracts.calibration import CALIBRATION
from every_eval.contracts.changes import CHANGES
from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.cross_benchmark import CROSS_BENCHMARK
from every_eval.contracts.cross_source import CROSS_SOURCE
from every_eval.contracts.history import HISTORY
from every_eval.contracts.identities import IDENTITIES
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

SPANNING_TABLES: Final = (CROSS_SOURCE, IDENTITIES)
"""Tables over all sources, which each source's scoring writes."""
