"""Make a benchmark's statistics as large as wanted: copy those of real runs under other models and scenarios."""

import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.enlarged_runs import open_corpus
from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.contracts.parquet import write_table
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.repo_layout import benchmark_path, folder_name, shard_key, shard_path
from every_eval.contracts.stats import STATS
from every_eval.hub.hub import Add, Change, Hub, Snapshot, publish
from every_eval.sources.helm.source import HelmSource

N_MODELS: Final = 30
"""Number of copies of each model. The sample then has about 70 models in each scenario, as many as HELM Classic."""
FINGERPRINT: Final = "0" * 12
BATCH: Final = 500
"""Number of shards in a commit."""
SCALED: Final = ("reported_sum", "reported_mean", "reported_min", "reported_max", "mean", "min", "max")

Rename = Callable[[str], str]


@dataclass(frozen=True)
class Original:
    """The statistics and the release of one benchmark, which are copied."""

    folder: str
    """The benchmark's folder in the data repo."""
    stats: pa.Table
    item_scores: pa.Table
    release: dict[str, Any]
    """The newest release, without its published cells."""

    @classmethod
    def read(cls, corpus: Path | None, benchmark: str) -> "Original":
        """Read a corpus in the public bucket's layout; default: the bundled sample."""
        storage, source = open_corpus(corpus), HelmSource()
        found = source.discover(storage, benchmark)
        [release] = [row for row in found.releases.drop(["cells"]).to_pylist() if row["is_newest"]]
        stats, items = [], []
        for run in found.runs:
            for piece in source.read(run, lambda name, folder=run.folder: storage.open(f"{folder}/{name}")):  # type: ignore[misc]
                stats += [STATS.decode(piece.stats)] if piece.stats.num_rows else []
                items += [ITEM_SCORES.decode(piece.item_scores)] if piece.item_scores.num_rows else []
        whole = [pa.concat_tables(pieces).combine_chunks() for pieces in (stats, items)]
        return cls(folder_name(source.name, benchmark), whole[0], whole[1], release)

    def first(self, n_rows: int) -> "Original":
        """Return the original with only its first statistics."""
        return replace(self, stats=self.stats.slice(0, n_rows))

    def publish(self, hub: Hub, repo: str, numbers: Sequence[int]) -> None:
        """Publish copies, each as a shard, and a release that shows all copies up to the last number."""
        for first in range(0, len(numbers), BATCH):
            with tempfile.TemporaryDirectory() as folder:
                changes: list[Change] = []
                for number in numbers[first : first + BATCH]:
                    shard = shard_key(self.folder, number + 1)
                    local = write_table(STATS, Path(folder) / shard, self.copy(number))
                    changes.append(Add(shard_path(STATS, shard, FINGERPRINT), local))
                    local = write_table(ITEM_SCORES, Path(folder) / f"{shard}.items", self.copy_item_scores(number))
                    changes.append(Add(shard_path(ITEM_SCORES, shard, FINGERPRINT), local))
                publish(hub, repo, "Add shards", partial(_same, changes))
        with tempfile.TemporaryDirectory() as folder:
            rows = pa.Table.from_pylist([self._release(max(numbers) + 1)], schema=RELEASES.schema)
            local = write_table(RELEASES, Path(folder) / "releases", rows)
            publish(hub, repo, "Add a release", partial(_same, [Add(benchmark_path(RELEASES, self.folder), local)]))

    def copy(self, number: int) -> pa.Table:
        """Return the statistics under other names; each copied model scores a little lower than the copy before."""
        scenario, model = divmod(number, N_MODELS)
        factor = 1 - model / 1000
        renamed: dict[str, Rename] = {
            "run": lambda text: _run_name(text, number),
            "variant": lambda text: f"{text},scenario={scenario}",
            "model_name": lambda text: f"{text}-{model}",
            "model_deployment": lambda text: f"{text}-{model}",
            "run_spec": lambda text: _specification(text, scenario, model),
        }
        columns = {name: self.stats[name].combine_chunks() for name in self.stats.column_names}
        columns |= {name: _rename(columns[name], rename) for name, rename in renamed.items()}
        columns |= {name: pc.multiply(columns[name], factor) for name in SCALED}
        columns["m2"] = pc.multiply(columns["m2"], factor**2)
        return pa.table(columns, schema=STATS.schema)

    def copy_item_scores(self, number: int) -> pa.Table:
        """Return the item scores under the names of `copy`; each scenario has items of its own."""
        scenario, model = divmod(number, N_MODELS)
        renamed: dict[str, Rename] = {
            "run": lambda text: _run_name(text, number),
            "model_name": lambda text: f"{text}-{model}",
            "model_deployment": lambda text: f"{text}-{model}",
            "item": lambda text: hashlib.sha256(f"{scenario} {text}".encode()).hexdigest()[: len(text)],
        }
        columns = {name: self.item_scores[name].combine_chunks() for name in self.item_scores.column_names}
        columns |= {name: _rename(columns[name], rename) for name, rename in renamed.items()}
        columns["value"] = pc.multiply(columns["value"], 1 - model / 1000)
        return pa.table(columns, schema=ITEM_SCORES.schema)

    def _release(self, n_copies: int) -> dict[str, Any]:
        runs = {
            name: [
                shown | {"run": _run_name(shown["run"], number)}
                for number in range(n_copies)
                for shown in self.release[name]
            ]
            for name in ("runs", "pooled_runs")
        }
        return self.release | runs | {"cells": []}


def _same(changes: list[Change], _: Snapshot) -> list[Change]:
    """Return the changes of a commit that does not depend on the head."""
    return changes


def _rename(column: pa.Array, rename: Rename) -> pa.Array:
    coded = column.dictionary_encode()
    texts = [rename(text) for text in coded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(coded.indices, pa.array(texts, pa.string())).cast(pa.string())


def _run_name(name: str, number: int) -> str:
    return f"{name},copy={number}"


def _specification(text: str, scenario: int, model: int) -> str:
    """Return a run's specification with another model and another argument of the scenario."""
    spec = json.loads(text)
    spec["scenario_spec"].setdefault("args", {})["scenario"] = scenario
    for key in ("model", "model_deployment"):
        if key in spec["adapter_spec"]:
            spec["adapter_spec"][key] += f"-{model}"
    return json.dumps(spec)
