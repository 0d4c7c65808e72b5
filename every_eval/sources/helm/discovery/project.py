"""Find the runs and releases of a HELM project, without opening a file of a run."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby

import pyarrow as pa

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.rejects import Reason
from every_eval.contracts.releases import RELEASES
from every_eval.errors import BenchmarkMissing
from every_eval.sources.helm.discovery.index import Index, find_indexes
from every_eval.sources.helm.layout import (
    DISPLAY_FILES,
    NOT_RUNS,
    RUN_FILES,
    SCENARIO_STATE,
    find_output,
    folders,
    is_folder_name,
    is_looked_up,
    outputs,
    writable,
)
from every_eval.sources.helm.schema import categories, main_metrics
from every_eval.sources.helm.tables.table_columns import problems
from every_eval.sources.source import Discovery, Input, Run
from every_eval.storage.cached_listing import CachedListing
from every_eval.storage.storage import Storage, StoredObject

SOURCE = "helm"
N_THREADS = 32
"""Number of runs that are looked up at the same time."""

RunKey = tuple[str, str]
"""(suite, run name)."""


def discover(storage: Storage, benchmark: str) -> Discovery:
    """Find the runs and releases of one project.

    Raises:
        BenchmarkMissing: The storage has no such project, or the project has no run.
        UpstreamMalformed: An index cannot be read.
        UpstreamUnavailable: The storage did not answer all requests.
    """
    storage = CachedListing(storage, outputs(benchmark), is_looked_up)
    project = _RunFolders(storage, benchmark, find_output(storage, benchmark))
    indexes = find_indexes(storage, benchmark, project.output)
    suites = folders(storage, f"{project.output}runs/") if storage.can_list else ()
    found = {run.identity: run for run in project.skipped_runs()} if storage.can_list else {}
    found |= {run.identity: run for suite in suites for run in project.listed_runs(suite)}
    shown = {id(index): _resolve(index, found) for index in indexes}
    found |= project.named_runs(key for index in indexes for key in shown[id(index)] if key not in found)
    if not any(run.inputs for run in found.values()):
        raise BenchmarkMissing(
            f"{storage.location}/{project.output} has no run. Runs that are published already stay published."
        )
    runs = _with_facts(_with_releases(found, indexes, shown), indexes)
    return Discovery(
        tuple(sorted(runs, key=lambda run: run.identity)),
        _releases_table(benchmark, indexes, shown, found),
        is_complete=storage.can_list,
    )


@dataclass(frozen=True)
class _RunFolders:
    """The folders of a project's runs."""

    storage: Storage
    benchmark: str
    output: str

    def listed_runs(self, suite: str) -> Iterator[Run]:
        """Yield the runs in the listing of a suite: the folders that hold a file of a run."""
        prefix = f"{self.output}runs/{suite}/"
        for name, items in groupby(self.storage.list(prefix), lambda item: item.name[len(prefix) :].partition("/")[0]):
            folder = f"{prefix}{name}"
            files = {item.name[len(folder) + 1 :]: item for item in items}
            if name not in NOT_RUNS and files.keys() & {*RUN_FILES, SCENARIO_STATE}:
                is_safe = is_folder_name(name)
                yield self._run(suite, name, _inputs(files)) if is_safe else self._unsafe_run(suite, writable(name))

    def skipped_runs(self) -> Iterator[Run]:
        """Yield the runs whose folders no listing has, because they are links or their names are not UTF-8.

        Only a storage on this machine has such folders; another one is not listed a second time.
        """
        prefix = f"{self.output}runs/"
        for entry in () if self.storage.is_remote else self.storage.skipped(prefix):
            suite, _, name = entry.name.removeprefix(prefix).partition("/")
            if name and "/" not in name and not entry.is_alias:
                yield self._unsafe_run(suite, name)

    def named_runs(self, keys: Iterable[RunKey]) -> dict[RunKey, Run]:
        """Return runs that only an index names.

        Without a listing, the storage is asked for each file, for several runs at a time.
        """
        unique = list(dict.fromkeys(keys))
        with ThreadPoolExecutor(N_THREADS) as threads:
            return dict(zip(unique, threads.map(lambda key: self.named_run(*key), unique), strict=True))

    def named_run(self, suite: str, name: str) -> Run:
        """Return a run that only an index names."""
        if not (is_folder_name(suite) and is_folder_name(name)):
            return self._unsafe_run(suite, name)
        folder = f"{self.output}runs/{suite}/{name}"
        files: dict[str, StoredObject] = {}
        if not self.storage.can_list:
            files = self._stated(folder, RUN_FILES)
            if not all(file in files for file in DISPLAY_FILES):
                files |= self._stated(folder, [SCENARIO_STATE])
        return replace(self._run(suite, name, _inputs(files)), problem=None if files else Reason.RUN_MISSING)

    def _stated(self, folder: str, names: Iterable[str]) -> dict[str, StoredObject]:
        found = {name: self.storage.stat(f"{folder}/{name}") for name in names}
        return {name: item for name, item in found.items() if item is not None}

    def _unsafe_run(self, suite: str, name: str) -> Run:
        return replace(self._run(suite, name, ()), folder="", problem=Reason.UNSAFE_NAME)

    def _run(self, suite: str, name: str, inputs: tuple[Input, ...]) -> Run:
        return Run(SOURCE, self.benchmark, suite, name, f"{self.output}runs/{suite}/{name}", inputs)


def _inputs(files: Mapping[str, StoredObject]) -> tuple[Input, ...]:
    """Return the files that a run is read from; scenario_state.json only if HELM has not summarised the run."""
    wanted = list(RUN_FILES)
    if SCENARIO_STATE in files and not all(name in files for name in DISPLAY_FILES):
        wanted = [name for name in RUN_FILES if name not in DISPLAY_FILES] + [SCENARIO_STATE]
    return tuple(
        Input(name, files[name].size, files[name].witness, files[name].md5) for name in sorted(wanted) if name in files
    )


def _resolve(index: Index, found: Mapping[RunKey, Run]) -> list[RunKey]:
    """Return the runs that an index shows, by name.

    HELM 0.2.4 to 0.3.0 wrote the last suite for every run. A run that is not in the stated suite is therefore looked
    for in the release's other suites, the latest first.
    """
    return [
        next(((suite, name) for suite in (stated, *reversed(index.suites)) if (suite, name) in found), (stated, name))
        for name, stated in sorted(index.runs.items())
    ]


def _with_releases(
    found: Mapping[RunKey, Run], indexes: Sequence[Index], shown: Mapping[int, Sequence[RunKey]]
) -> Iterator[Run]:
    releases: dict[RunKey, list[str]] = {key: [] for key in found}
    for index in indexes:
        for key in shown[id(index)] if index.is_release else ():
            releases[key].append(index.name)
    for key, run in found.items():
        yield replace(run, releases=tuple(releases[key]))


def _with_facts(runs: Iterator[Run], indexes: Sequence[Index]) -> Iterator[Run]:
    """Yield the runs with what the newest index that covers their suite says of them."""
    releases = [index for index in indexes if index.is_release]
    covering = {index.name: index for index in indexes if not index.is_release}
    covering |= {suite: index for index in releases for suite in index.suites}
    for run in runs:
        index = covering.get(run.suite)
        yield run if index is None else replace(run, facts=_facts(index, run.name))


def _facts(index: Index, run_name: str) -> dict[str, str]:
    spec, schema = index.specs.get(run_name), index.schema
    if spec is None or schema is None:
        return {}
    facts = {"main_metrics": canonical_json(main_metrics(schema, spec.groups))}
    for category in categories(schema, spec.groups)[-1:]:
        facts["category"] = category
    model = schema.model_by_name.get(spec.adapter_spec.model or "")
    if model is not None and model.creator_organization is not None:
        facts["creator"] = model.creator_organization
    return facts


def _pooled(index: Index, shown: Sequence[RunKey], found: Mapping[RunKey, Run]) -> list[RunKey]:
    """Return the runs that HELM makes the tables of an index from: the shown ones, and their namesakes in other suites.

    HELM skips a folder without a specification or without statistics (`presentation/summarize.py`).
    """
    in_suites = (run for run in found.values() if run.suite in index.suites and run.name in index.runs)
    like = {run.identity for run in in_suites if {"run_spec.json", "stats.json"} <= {item.name for item in run.inputs}}
    return sorted(like.union(shown))


def _releases_table(
    benchmark: str, indexes: Sequence[Index], shown: Mapping[int, Sequence[RunKey]], found: Mapping[RunKey, Run]
) -> pa.Table:
    newest = next((index for index in reversed(indexes) if index.is_release), indexes[-1] if indexes else None)
    rows = [
        {
            "source": SOURCE,
            "benchmark": benchmark,
            "release": index.name,
            "is_release": index.is_release,
            "is_newest": index is newest,
            "date": index.date,
            "suites": list(index.suites),
            "runs": [{"suite": suite, "run": name} for suite, name in sorted(shown[id(index)])],
            "pooled_runs": [{"suite": suite, "run": name} for suite, name in _pooled(index, shown[id(index)], found)],
            "schema_json": index.schema_json,
            "problems": (problems(index.schema) or None) if index.schema else None,
            "cells": [cell._asdict() for cell in index.cells()],
        }
        for index in indexes
    ]
    return pa.Table.from_pylist(rows, schema=RELEASES.schema)
