"""The data repo's card: what is published of which benchmarks."""

from collections.abc import Iterator, Sequence

from every_eval.contracts.catalog import CATALOG, State
from every_eval.contracts.metrics import METRICS
from every_eval.contracts.parquet import read_table
from every_eval.contracts.rejects import REJECTS
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.hub.cards import CARD, Card, Section, count_bytes
from every_eval.hub.hub import Add, Change, Snapshot
from every_eval.sources.discovery import read_catalog, releases_path
from every_eval.sources.shard_files import FOLDERS
from every_eval.sources.shards import published_shards

INTRODUCTION = """Results of public evaluations of language models: every run, every instance, every metric, as Parquet.
They are made from the JSON files that the evaluations' authors publish; what could not be read is listed, with the
reason, in `rejects`. A leaderboard over them is in
[every_eval_score_ever](https://huggingface.co/datasets/evaleval/every_eval_score_ever)."""


def card_change(head: Snapshot, repo: str) -> Sequence[Change]:
    """The card of what the repo holds; nothing while it holds nothing."""
    folders = sorted({path.split("/")[1] for path in head.files if path.startswith("stats/")})
    if not folders:
        return []
    card = Card(
        title="Every Eval Ever",
        introduction=INTRODUCTION,
        configs={folder: f"data/{folder}/*.parquet" for folder in folders}
        | {table: f"{table}/*/*.parquet" for table in (METRICS.name, STATS.name)},
        sections=[
            *(Section(table, f"{FOLDERS[table.name]}/*/*.parquet") for table in (SAMPLES, METRICS, STATS, REJECTS)),
            *(Section(table, f"{table.name}/*.parquet") for table in (CATALOG, RELEASES)),
        ],
        contents="\n".join(_contents(head, folders)),
        repo=repo,
    )
    return [Add(CARD, card.render())]


def _contents(head: Snapshot, folders: Sequence[str]) -> Iterator[str]:
    yield "| benchmark | newest release | runs | withdrawn upstream | shards | size |"
    yield "|---|---|---|---|---|---|"
    for folder in folders:
        catalog = read_catalog(head, folder)
        withdrawn = sum(entry.state is State.WITHDRAWN for entry in catalog)
        # Of the shards alone: the catalog's size depends on where the results were read from.
        tops = {f"{top}/{folder}" for top in FOLDERS.values()}
        size = count_bytes(file.size for path, file in head.files.items() if path.rpartition("/")[0] in tops)
        n_shards = len(published_shards(head.files, folder))
        yield f"| {folder} | {_newest(head, folder)} | {len(catalog)} | {withdrawn} | {n_shards} | {size} |"


def _newest(head: Snapshot, folder: str) -> str:
    path = releases_path(folder)
    rows = read_table(RELEASES, [head.fetch(path)]).to_pylist() if path in head.files else []
    return next((row["release"] for row in rows if row["is_newest"]), "none")
