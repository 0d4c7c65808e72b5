"""Find the runs of a benchmark: each log below its folder, with what its header says.

Discovery reads the headers of logs, of which only a few kilobytes are fetched. It reads no samples.
"""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import pyarrow as pa

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.releases import RELEASES
from every_eval.errors import BenchmarkMissing, UpstreamUnavailable
from every_eval.sources.benchmark_folders import benchmark_folders
from every_eval.sources.inspect.evaluation import Evaluation
from every_eval.sources.inspect.latest_release import EvaluationRun, newest, release_row
from every_eval.sources.inspect.log_file import open_log
from every_eval.sources.inspect.log_names import SUPERSEDED, is_log
from every_eval.sources.inspect.model_names import named
from every_eval.sources.inspect.precedence import FoundLog, copies, superseded
from every_eval.sources.inspect.records import Header
from every_eval.sources.inspect.run_reader import MESSAGES
from every_eval.sources.latest_release import LATEST
from every_eval.sources.skipped_entries import is_escaped, skipped_runs
from every_eval.sources.source import TASK, Discovery, Input, Reject, Run
from every_eval.storage.opened_ranges import open_ranges
from every_eval.storage.storage import Storage, StoredObject

SOURCE: Final = "inspect"

_THREADS: Final = 16
"""Number of headers that are fetched at the same time over a network."""

logger = logging.getLogger(__name__)


def benchmarks(storage: Storage) -> Sequence[str]:
    """Return the folders of the root that hold logs; logs in the root itself are named in a warning."""
    in_root = [item.name for item in storage.list("") if "/" not in item.name and is_log(item.name)]
    if in_root:
        logger.warning(
            "%d logs lie in %s itself and were left out, for example %s. Move them into a folder, whose name becomes "
            "the name of the benchmark, or set the root to the folder above.",
            len(in_root),
            storage.location,
            ascii(in_root[0]),
        )
    return [name for name in benchmark_folders(storage, SOURCE) if is_escaped(name) or any(_logs(storage, name))]


def discover(storage: Storage, benchmark: str, messages: str) -> Discovery:
    """Find the runs of a benchmark, and the newest run of each name.

    Args:
        storage: Where the logs are.
        benchmark: Name of the benchmark: a folder of the root.
        messages: What is published of messages.

    Raises:
        BenchmarkMissing: The storage has no log in the folder of the benchmark.
        UpstreamUnavailable: The storage did not answer, or not completely.
        ConfigurationError: The storage cannot list files.
    """
    stored = list(_logs(storage, benchmark))
    unknown = list(skipped_runs(storage, SOURCE, benchmark))
    if not stored and not unknown:
        raise _missing(storage, benchmark)
    headers = dict(zip((item.name for item in stored), _headers(storage, stored), strict=True))
    logs = [FoundLog(name, header) for name, header in headers.items() if isinstance(header, Header)]
    copied = {log.path: kept.path for log, kept in copies(logs)}
    for path, kept in copied.items():
        logger.info("%s was left out, because it is a copy of %s.", path, kept)
    contained = superseded([log for log in logs if log.path not in copied])
    known: list[EvaluationRun] = []
    for item in stored:
        header = headers[item.name]
        run = _run(benchmark, item, {MESSAGES: messages})
        if isinstance(header, Reject):
            unknown.append(run)
        elif item.name not in copied:
            evaluation = Evaluation(header, messages)
            facts = {**run.facts, TASK: header.eval.task}
            if item.name in contained:
                facts[SUPERSEDED] = contained[item.name]
            known.append(EvaluationRun(replace(run, facts=facts), evaluation))
    known = named(known)
    shown = newest(known)
    is_shown = {item.run.identity for item in shown}
    runs = [replace(item.run, releases=(LATEST,) if item.run.identity in is_shown else ()) for item in known]
    rows = [release_row(benchmark, known, shown)] if shown else []
    return Discovery(
        tuple(sorted((*runs, *unknown), key=lambda run: run.identity)),
        pa.Table.from_pylist(rows, schema=RELEASES.schema),
    )


def index_witness(storage: Storage, benchmark: str, messages: str) -> str:
    """Return a digest that changes when a log changes, or the setting of messages. Raises what `discover` raises."""
    marks = [[item.name, item.witness] for item in _logs(storage, benchmark)]
    marks += [[run.name, str(run.problem)] for run in skipped_runs(storage, SOURCE, benchmark)]
    if not marks:
        raise _missing(storage, benchmark)
    return hashlib.sha256(canonical_json([messages, *marks]).encode()).hexdigest()[:12]


def _logs(storage: Storage, benchmark: str) -> Iterator[StoredObject]:
    if is_escaped(benchmark):  # Its name is not UTF-8, so that nothing in it can be read.
        return iter(())
    return (item for item in storage.list(f"{benchmark}/") if is_log(item.name.removeprefix(f"{benchmark}/")))


def _headers(storage: Storage, stored: Sequence[StoredObject]) -> list[Header | Reject]:
    if not storage.is_remote:
        return [_header(storage, item) for item in stored]
    with ThreadPoolExecutor(_THREADS, "headers") as threads:
        return list(threads.map(lambda item: _header(storage, item), stored))


def _header(storage: Storage, item: StoredObject) -> Header | Reject:
    """Read a header; a log that cannot be read is a run that is rejected when it is read."""
    try:
        with open_ranges(storage, item) as file:
            log = open_log(file, item.name.rpartition("/")[2])
            return log if isinstance(log, Reject) else log.header()
    except FileNotFoundError as error:
        raise UpstreamUnavailable(
            f"{item.name} disappeared after the folder was listed. The next discovery lists the folder again"
        ) from error


def _run(benchmark: str, item: StoredObject, facts: dict[str, str]) -> Run:
    folder, _, file = item.name.rpartition("/")
    suite = item.name.removeprefix(f"{benchmark}/")
    return Run(SOURCE, benchmark, suite, file, folder, (Input(file, item.size, item.witness, item.md5),), facts=facts)


def _missing(storage: Storage, benchmark: str) -> BenchmarkMissing:
    return BenchmarkMissing(
        f"{storage.location}/{benchmark} has no logs of Inspect. Runs that are already published stay as they are, "
        "because an empty listing is an error and not a withdrawal"
    )
