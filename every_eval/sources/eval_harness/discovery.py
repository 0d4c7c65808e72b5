"""Find the runs of a benchmark: each task of each results file, with the samples files of the same evaluation.

Discovery reads the results files, which are lm-eval's index of its tasks. It does not read samples files.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import IO, Final

import pyarrow as pa

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.releases import RELEASES
from every_eval.errors import BenchmarkMissing, UpstreamUnavailable
from every_eval.network.content import md5_of
from every_eval.sources.decoding import decode_object
from every_eval.sources.eval_harness.chosen_documents import with_choices
from every_eval.sources.eval_harness.latest_release import TaskRun, newest, order_of, release_row
from every_eval.sources.eval_harness.model_ordinals import numbered
from every_eval.sources.eval_harness.output_files import OutputFolder, as_input, folders, stamp_of
from every_eval.sources.eval_harness.results import Results
from every_eval.sources.eval_harness.results_file import decode_results
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.eval_harness.unstamped_samples import samples_of, unambiguous
from every_eval.sources.latest_release import LATEST
from every_eval.sources.skipped_entries import is_escaped, skipped_runs
from every_eval.sources.source import Discovery, Input, Reject, Run
from every_eval.storage.storage import Storage, StoredObject

SOURCE: Final = "eval_harness"

logger = logging.getLogger(__name__)


def discover(storage: Storage, benchmark: str) -> Discovery:
    """Find the runs of a benchmark, and the newest run of each name.

    Raises:
        BenchmarkMissing: The storage has no folder of the benchmark, or the folder has no results.
        UpstreamUnavailable: The storage did not answer, or not completely.
        ConfigurationError: The storage cannot list files.
    """
    finder = _Finder(storage, benchmark)
    known: list[TaskRun] = []
    unknown = list(skipped_runs(storage, SOURCE, benchmark))
    for folder in folders(_listed(storage, benchmark)):
        finder.pair_unstamped(folder)
        for file in sorted(folder.results):
            known += finder.evaluation(folder, file, unknown)
        unknown += finder.orphans(folder)
    if not known and not unknown:
        raise _missing(storage, benchmark)
    known = with_choices(numbered(known), finder.open)
    shown = newest(known)
    rows = [release_row(benchmark, known, shown)] if known else []
    is_shown = {item.run.identity for item in shown}
    runs = [replace(item.run, releases=(LATEST,) if item.run.identity in is_shown else ()) for item in known]
    return Discovery(
        tuple(sorted((*runs, *unknown), key=lambda run: run.identity)),
        pa.Table.from_pylist(rows, schema=RELEASES.schema),
    )


def index_witness(storage: Storage, benchmark: str) -> str:
    """Return a digest that changes when a file of the benchmark changes. Raises what `discover` raises."""
    marks = [[item.name, item.witness] for item in _listed(storage, benchmark)]
    marks += [[run.name, ""] for run in skipped_runs(storage, SOURCE, benchmark)]
    if not marks:
        raise _missing(storage, benchmark)
    return hashlib.sha256(canonical_json(marks).encode()).hexdigest()[:12]


def _listed(storage: Storage, benchmark: str) -> Sequence[StoredObject]:
    return () if is_escaped(benchmark) else list(storage.list(f"{benchmark}/"))


def _missing(storage: Storage, benchmark: str) -> BenchmarkMissing:
    return BenchmarkMissing(
        f"{storage.location}/{benchmark} has no results of lm-eval. Runs that are already published stay as they are, "
        "because an empty listing is an error and not a withdrawal"
    )


@dataclass(frozen=True)
class _Finder:
    """Finder of the runs of one benchmark, folder by folder."""

    storage: Storage
    benchmark: str

    def pair_unstamped(self, folder: OutputFolder) -> None:
        """Pair the samples files without a time stamp with the results files of the folder that have none either."""
        if folder.unstamped:
            read = {file: self._read(item) for file, item in folder.results.items() if stamp_of(file) is None}
            decoded = {file: decode_object(raw, Results, file) for file, raw in read.items()}
            known = {file: results for file, results in decoded.items() if isinstance(results, Results)}
            folder.pair(unambiguous({file: samples_of(results, folder.unstamped) for file, results in known.items()}))

    def evaluation(self, folder: OutputFolder, file: str, unknown: list[Run]) -> Iterator[TaskRun]:
        """Find the runs of a results file. If the file cannot be read, add one run to `unknown`, which is rejected."""
        item = folder.results[file]
        raw = self._read(item)
        results = decode_results(raw, file)
        stamp = stamp_of(file)
        if isinstance(results, Reject):
            # Another file may have the same time stamp, such as the `._` file of a Mac: it keeps the samples.
            if stamp is not None:
                unknown.append(self._run(folder, file, file.removesuffix(".json"), [as_input(item, md5_of(raw))]))
            else:
                logger.warning("%s was left out: %s.", item.name, results.detail)
            return
        samples = folder.claim(file)
        for name in dict.fromkeys((*results.results, *samples)):
            task = Task(results, name)
            leaves = list(results.leaves(name)) or [name]
            inputs = [as_input(samples[leaf]) for leaf in leaves if leaf in samples]
            if inputs or results.reported(name):
                run = self._run(folder, file, task.run_name, [as_input(item, md5_of(raw)), *inputs])
                yield TaskRun(replace(run, facts=task.facts), task, order_of(task, stamp, run.suite))

    def orphans(self, folder: OutputFolder) -> Iterator[Run]:
        """Make one run of each samples file that no results file is paired with; reading rejects it."""
        for item in (*folder.samples.values(), *folder.unstamped.values()):
            file = item.name.rpartition("/")[2]
            yield self._run(folder, file, file.rpartition(".")[0], [as_input(item)])

    def _run(self, folder: OutputFolder, file: str, name: str, inputs: Iterable[Input]) -> Run:
        path = f"{folder.path}/{file}".removeprefix(f"{self.benchmark}/")
        ordered = tuple(sorted(inputs, key=lambda item: item.name))
        return Run(SOURCE, self.benchmark, path.rpartition(".")[0], name, folder.path, ordered)

    def open(self, item: TaskRun, file: Input) -> IO[bytes]:
        """Open an input file of a run."""
        return self.storage.open(f"{item.run.folder}/{file.name}", file.witness)

    def _read(self, item: StoredObject) -> bytes:
        try:
            return self.storage.read(item.name, item.witness)
        except FileNotFoundError as error:
            raise UpstreamUnavailable(
                f"{item.name} disappeared after the folder was listed. The next discovery lists the folder again"
            ) from error
