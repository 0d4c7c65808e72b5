"""When each shard was ingested: the page keeps the dates, since the data's own files hold no clock."""

import json
from collections.abc import Mapping
from typing import Final

from every_eval.contracts.repo_layout import top_folder
from every_eval.contracts.stats import STATS
from every_eval.hub.hub import Snapshot

DATES: Final = "index/dates.json"
"""File of the page with the moment at which each shard's inputs were published, by the path of the statistics file."""


def ingestion_dates(data: Snapshot, page: Snapshot) -> Mapping[str, str]:
    """Return the moment (ISO 8601) at which each shard was published, by the path of the shard's statistics file.

    The path contains the fingerprint of the shard's inputs. A path that the published page does not know yet has the
    time of the newest commit of the data: the shard was published then, or earlier if no page was made in between.
    """
    known: Mapping[str, str] = json.loads(page.fetch(DATES).read_bytes()) if DATES in page.files else {}
    paths = [path for path in data.files if path.startswith(f"{top_folder(STATS)}/")]
    now = data.committed_at
    return {path: known.get(path) or now.isoformat(timespec="seconds") for path in sorted(paths) if now is not None}
