"""The dataset card of the data repo: what the repo holds, counted for each benchmark."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from every_eval.contracts.catalog import CATALOG, State
from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.repo_layout import (
    SHARD_TABLES,
    benchmark_path,
    is_folder_of,
    published_folders,
    published_shards,
    shard_pattern,
    top_folder,
)
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.shards import SHARDS
from every_eval.hub.cards import CARD, Card, Config, Section, address_of, count_bytes, markdown_table
from every_eval.hub.hub import Add, Change, Snapshot
from every_eval.ingestion.shard_index import read_index
from every_eval.sources.source import Source

INTRODUCTION = """Results of public evaluations of language models: every run, every instance, every metric, as Parquet.
They are read from the JSON files that the evaluations' authors publish. The table `rejects` lists each file or row that
could not be read, with the reason. The leaderboard of these results is in
[{repo}](https://huggingface.co/datasets/{repo})."""

MATRIX = """## The response matrix

`item_scores` is the matrix of models and items from which item response models, small benchmarks and routers are made.
With pandas:

```python
scores = pd.read_parquet("{folder}")
scores = scores[scores.perturbation.isna() & (scores.metric_name != "max_prob")]
matrix = scores.pivot_table(index="model_name", columns="item", values="value")
```

With polars:

```python
scores = pl.read_parquet("{files}")
scores = scores.filter(pl.col("perturbation").is_null() & (pl.col("metric_name") != "max_prob"))
matrix = scores.pivot(on="item", index="model_name", values="value", aggregate_function="mean")
```

With DuckDB; then for the Item Response Warehouse (id, item, resp) and for `py-irt` (a line of JSON for each model):

```sql
CREATE TABLE scores AS SELECT model_name AS id, item, avg(value) AS resp FROM '{files}'
WHERE perturbation IS NULL AND metric_name <> 'max_prob' AND item IS NOT NULL GROUP BY ALL;
PIVOT scores ON item USING first(resp) GROUP BY id;
```

```sql
COPY scores TO 'irw.csv';
COPY (SELECT id AS subject_id, map_from_entries(list((item, resp))) AS responses FROM scores WHERE resp IS NOT NULL
      GROUP BY id) TO 'py_irt.jsonl' (FORMAT json);
```"""

HEADER = (
    *("benchmark", "newest release", "models", "runs", "samples", "metrics", "statistics", "rejects"),
    *("withdrawn upstream", "shards", "size"),
)


def card_change(head: Snapshot, repo: str, scores_repo: str, sources: Sequence[Source]) -> Sequence[Change]:
    """Return the change that writes the card; there is none while nothing is published.

    The card covers the benchmarks of `sources`, and links to the leaderboard in `scores_repo`.
    """
    folders = [folder for source in sources for folder in published_folders(head.files, source.name)]
    if not folders:
        return []
    indexes = {folder: read_index(head, folder) for folder in folders}
    sections = [section for section in _sections() if _is_there(section, head)]
    rows = [row for index in indexes.values() for row in index]
    models = {model for row in rows for model in row["models"]}
    card = Card(
        title="Every Eval Ever",
        repo=repo,
        introduction=INTRODUCTION.format(repo=scores_repo),
        configs=[
            *(
                Config(name, SAMPLES, [shard_pattern(SAMPLES, name)])
                for name in sorted(folders, key=lambda name: -_total(indexes[name], "samples"))
                if _total(indexes[name], "samples")
            ),
            *(Config(item.contract.name, item.contract, [item.pattern]) for item in sections[1:] if _holds(item, rows)),
        ],
        sections=sections,
        contents=markdown_table(HEADER, _rows(head, indexes)) + f"\n\n{len(models):,} models in all.",
        n_rows=_total(rows, "samples"),
        queries=_matrix(repo) if _total(rows, ITEM_SCORES.name) else "",
        citations=[
            source.citation
            for source in sources
            if source.citation and any(is_folder_of(source.name, folder) for folder in folders)
        ],
    )
    return [Add(CARD, card.render())]


def _sections() -> list[Section]:
    shards = [Section(table, shard_pattern(table, "*")) for table in SHARD_TABLES]
    return shards + [Section(table, benchmark_path(table, "*")) for table in (CATALOG, RELEASES, SHARDS)]


def _matrix(repo: str) -> str:
    """Return how to make the response matrix, as Markdown."""
    files = address_of(repo, shard_pattern(ITEM_SCORES, "*"))
    return MATRIX.format(files=files, folder=files.partition("/*")[0])


def _is_there(section: Section, head: Snapshot) -> bool:
    return any(path.startswith(section.pattern.partition("*")[0]) for path in head.files)


def _holds(section: Section, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a table has rows: the library `datasets` cannot load a table without rows."""
    return section.contract not in SHARD_TABLES or _total(rows, section.contract.name) > 0


def _rows(head: Snapshot, indexes: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[list[object]]:
    for folder, index in indexes.items():
        # Only the sizes of shards: the size of the catalog depends on the storage that the results were read from.
        tops = {f"{top_folder(table)}/{folder}" for table in SHARD_TABLES}
        yield [
            folder,
            _newest_release(head, folder),
            len({model for row in index for model in row["models"]}),
            *(f"{_total(index, of):,}" for of in ("runs", "samples", "metrics", "stats", "rejects")),
            _columns(head, benchmark_path(CATALOG, folder), "state")["state"].to_pylist().count(State.WITHDRAWN),
            len(published_shards(head.files, folder)),
            count_bytes(file.size for path, file in head.files.items() if path.rpartition("/")[0] in tops),
        ]


def _total(index: Sequence[Mapping[str, Any]], of: str) -> int:
    return sum(row[f"n_{of}"] for row in index)


def _newest_release(head: Snapshot, folder: str) -> str | None:
    rows = _columns(head, benchmark_path(RELEASES, folder), "release", "is_newest").to_pylist()
    return next((row["release"] for row in rows if row["is_newest"]), None)


def _columns(head: Snapshot, path: str, *names: str) -> pa.Table:
    """Read some columns of a file without fetching the other columns; no rows if there is no file."""
    if path not in head.files:
        return pa.table({name: pa.array([], pa.null()) for name in names})
    with head.open(path) as file:
        return pq.read_table(file, columns=list(names), page_checksum_verification=True)
