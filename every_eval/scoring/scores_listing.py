"""Which files of the scores repo belong together, so that an incomplete listing of the repo is noticed."""

import re
from typing import Final

from every_eval.contracts.checks import CHECKS
from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.pairs import PAIRS
from every_eval.contracts.repo_layout import latest_path
from every_eval.hub.cards import CARD
from every_eval.hub.hub import Snapshot

_ALWAYS: Final = (COMPREHENSIVE_STATS, LEADERBOARD, PAIRS, CHECKS)
"""Tables that each commit of a source's scores has."""
_OF_SOURCE: Final = re.compile(
    rf"(?:latest/(?:{'|'.join(table.name for table in _ALWAYS)})_([a-z0-9_]+)"
    rf"|{COMPREHENSIVE_STATS.name}_([a-z0-9_]+)_\d{{8}}_\d{{6}})\.parquet"
)


def scores_listing_doubt(snapshot: Snapshot) -> str | None:
    """Say why a listing of the scores repo cannot be complete, as the end of a sentence; null if it can be."""
    sources = {match[1] or match[2] for path in snapshot.files if (match := _OF_SOURCE.fullmatch(path))}
    has_state = any(path.startswith("state/") for path in snapshot.files)
    needed = [latest_path(table, source) for source in sorted(sources) for table in _ALWAYS]
    missing = [path for path in [*needed, *([CARD] if sources else [])] if path not in snapshot.files]
    if missing:
        return f"it lacks {len(missing)} files, for example {missing[0]}"
    if has_state is not bool(sources):
        return "it has the state of scores without scores" if has_state else "it has scores without their state"
    return "it has a card and no scores" if CARD in snapshot.files and not sources else None
