"""Paths of all published files, in the data repo and in the scores repo.

The data repo; FOLDER is a benchmark of a source, for example `helm_lite`:

    catalog/FOLDER.parquet  releases/FOLDER.parquet  shards/FOLDER.parquet  index_files/FOLDER.parquet
    data/FOLDER/SHARD.parquet  metrics/FOLDER/SHARD.parquet  stats/FOLDER/SHARD-FINGERPRINT.parquet
    item_scores/FOLDER/SHARD.parquet  judgements/FOLDER/SHARD.parquet  rejects/FOLDER/SHARD.parquet

The scores repo:

    TABLE_SOURCE_YYYYMMDD_HHMMSS.parquet  latest/TABLE_SOURCE.parquet  latest/leaderboard_SOURCE.csv
    pictures/leaderboard_SOURCE.png
    state/FOLDER/FIRST_SHARD-DIGEST.parquet  state/FOLDER/item_scores-FIRST_SHARD-DIGEST.parquet
    state/FOLDER/releases-DIGEST.parquet
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple, Self

from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.contracts.judgements import JUDGEMENTS
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.metrics import METRICS
from every_eval.contracts.rejects import REJECTS
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.scores_tables import SPANNING_TABLES
from every_eval.contracts.state import STATE
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Table

SHARD_TABLES: Final = (SAMPLES, METRICS, STATS, ITEM_SCORES, JUDGEMENTS, REJECTS)
"""Tables of which each shard has a file."""
OPTIONAL_TABLES: Final = (ITEM_SCORES, JUDGEMENTS, REJECTS)
"""Tables of which a shard without rows has no file."""
_TOP_FOLDERS: Final = {SAMPLES.name: "data"}
"""Top folder of each table whose folder is not named like the table."""
_STATS_FILE: Final = re.compile(
    r"stats/(?P<folder>[A-Za-z0-9_]+)/(?P<shard>(?P=folder)_part_\d{5,})-(?P<fingerprint>[0-9a-f]{12})\.parquet"
)
DIGEST_CHARACTERS: Final = 12
"""Number of hexadecimal digits of a digest in a file name."""


def folder_name(source: str, benchmark: str) -> str:
    """Return the folder of a benchmark, with which its shards' keys begin, for example `helm_air_bench`."""
    return f"{source}_" + re.sub(r"[^A-Za-z0-9]", "_", benchmark)


def is_folder_of(source: str, folder: str) -> bool:
    """Tell whether a folder belongs to a benchmark of the source."""
    return folder.startswith(f"{source}_")


def shard_key(folder: str, number: int) -> str:
    """Return the key of a benchmark's shard; `number` counts from 1."""
    return f"{folder}_part_{number:05d}"


def shard_number(key: str) -> int:
    """Return the number of a shard within its benchmark."""
    return int(key.rpartition("_")[2])


def folder_of_shard(name: str) -> str:
    """Return the folder of a shard, from the shard's key or from the name of one of its files."""
    return name.rpartition("_part_")[0]


def top_folder(table: Table) -> str:
    """Return the first part of the paths of a table's files."""
    return _TOP_FOLDERS.get(table.name, table.name)


def shard_path(table: Table, shard: str, fingerprint: str) -> str:
    """Return the path of a shard's file of a table. Only the name of a statistics file contains the fingerprint."""
    name = f"{shard}-{fingerprint}" if table is STATS else shard
    return f"{top_folder(table)}/{folder_of_shard(shard)}/{name}.parquet"


def shard_pattern(table: Table, folder: str) -> str:
    """Return the glob pattern of a table's files of all shards of a benchmark, or of all benchmarks (folder `*`)."""
    return f"{top_folder(table)}/{folder}/*.parquet"


def benchmark_path(table: Table, folder: str) -> str:
    """Return the path of a benchmark's one file of a table: `catalog`, `releases`, `shards` or `index_files`."""
    return f"{table.name}/{folder}.parquet"


def published_shards(paths: Iterable[str], folder: str) -> Mapping[str, list[str]]:
    """Return the published fingerprints of each shard of a benchmark, from a listing of the data repo."""
    found: dict[str, list[str]] = {}
    for path in paths:
        match = _STATS_FILE.fullmatch(path)
        if match and match["folder"] == folder:
            found.setdefault(match["shard"], []).append(match["fingerprint"])
    return found


def published_folders(paths: Iterable[str], source: str) -> list[str]:
    """Return the folders of a source's benchmarks that have statistics, sorted, from a listing of the data repo."""
    folders = {path.split("/")[1] for path in paths if path.startswith(f"{STATS.name}/") and path.count("/") == 2}
    return sorted(folder for folder in folders if is_folder_of(source, folder))


def latest_name(table: Table, source: str) -> str:
    """Return the name of a table's newest file.

    The name contains the source, unless the table spans sources or the table's own name begins with the source.
    """
    is_without_source = table in SPANNING_TABLES or table.name.startswith(f"{source}_")
    return f"{table.name}.parquet" if is_without_source else f"{table.name}_{source}.parquet"


def latest_path(table: Table, source: str) -> str:
    """Return the path of a table's newest file in the scores repo."""
    return f"latest/{latest_name(table, source)}"


def csv_path(source: str) -> str:
    """Return the path of a source's leaderboard as CSV in the scores repo."""
    return f"latest/{LEADERBOARD.name}_{source}.csv"


def picture_path(source: str) -> str:
    """Return the path of the picture of a source's leaderboard in the scores repo."""
    return f"pictures/{LEADERBOARD.name}_{source}.png"


def dated_path(table: Table, source: str, moment: datetime) -> str:
    """Return the path of a table's file as of one moment (UTC) in the scores repo."""
    return f"{table.name}_{source}_{moment:%Y%m%d_%H%M%S}.parquet"


def dated_paths(table: Table, source: str, paths: Iterable[str]) -> list[str]:
    """Return the paths of a table's dated files, the oldest first, from a listing of the scores repo."""
    dated = re.compile(rf"{re.escape(table.name)}_{re.escape(source)}_\d{{8}}_\d{{6}}\.parquet")
    return sorted(path for path in paths if dated.fullmatch(path))


def files_of(table: Table, paths: Iterable[str]) -> list[str]:
    """Return the paths of a table's newest files, from a listing of the repo that has the table."""
    name, folder = re.escape(table.name), r"[A-Za-z0-9_]+"
    pattern = rf"latest/{name}(?:_[a-z0-9_]+)?|{re.escape(top_folder(table))}/{folder}(?:/[^/]+)?"
    if table is STATE:
        pattern = rf"{name}/{folder}/\d+-[0-9a-f]+"
    return [path for path in paths if re.fullmatch(rf"(?:{pattern})\.parquet", path)]


def state_path(table: Table, folder: str, first_shard: int, digest: str) -> str:
    """Return the path of a state file of a table, from the number of its first shard and the digest of its inputs."""
    name = "" if table is STATE else f"{ITEM_SCORES.name}-"
    return f"state/{folder}/{name}{first_shard:05d}-{digest[:DIGEST_CHARACTERS]}.parquet"


class StateFiles(NamedTuple):
    """Paths of the state files of a benchmark."""

    statistics: Sequence[str]
    item_scores: Sequence[str]
    releases: str | None

    @classmethod
    def of(cls, folder: str, paths: Iterable[str]) -> Self:
        """Find the state files of the benchmark with this folder among the paths of the scores repo."""
        found: dict[str, list[str]] = {"": [], f"{ITEM_SCORES.name}-": [], f"{RELEASES.name}-": []}
        for path in sorted(paths):
            if match := re.fullmatch(rf"state/{re.escape(folder)}/({'|'.join(found)})[0-9a-f-]+\.parquet", path):
                found[match[1]].append(path)
        statistics, item_scores, releases = found.values()
        return cls(statistics, item_scores, next(iter(releases), None))


def state_prefix(path: str) -> str:
    """Return the beginning of the paths of all versions of a state file, from the path of one version."""
    return path.rpartition("-")[0] + "-"


def state_releases_path(folder: str, digest: str) -> str:
    """Return the path of the state's copy of a benchmark's releases file, from the digest of the original."""
    return f"state/{folder}/releases-{digest[:DIGEST_CHARACTERS]}.parquet"


def is_state_of(source: str, path: str) -> bool:
    """Tell whether a path of the scores repo belongs to the state of the source."""
    return path.startswith(f"state/{source}_")
