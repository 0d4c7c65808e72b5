"""Output of lm-eval for tests: real files with a few tasks, and invented files with one task."""

import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.contracts.judgements import JUDGEMENTS
from every_eval.contracts.metrics import METRICS
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.sources.eval_harness.discovery import discover
from every_eval.sources.eval_harness.results import Results
from every_eval.sources.eval_harness.sample_rows import ScoredRow, ValuesByMetric, add_values
from every_eval.sources.eval_harness.samples_file import SamplesFileReader
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.eval_harness.task_run_reader import PIECE_ROWS, TaskRunReader
from every_eval.sources.source import Discovery, Run, RunRows
from every_eval.storage.folder import FolderStorage

REAL = Path(__file__).parents[2] / "fixtures" / "eval_harness.tar.xz"
"""Output of lm-eval 0.4.13, reduced: each results file keeps some tasks and loses pretty_env_info, and the samples
files of boolq_brier_local, triviaqa_local and gsm8k_local keep four rows."""

LLAMA = "meta-llama__Llama-2-7b-hf"
FIRST = f"{LLAMA}/results_2026-11-20T04-28-47.656165"
"""Suite with wikitext_local, which `AGAIN` repeats."""
FIVE_SHOT = f"{LLAMA}/results_2026-11-20T04-28-52.708572"
"""Suite with mmlu_local_astronomy and five examples."""
AGAIN = f"{LLAMA}/results_2026-11-20T04-28-57.788745"
"""Suite with wikitext_local, boolq_brier_local and the group mmlu_local, which contains the group mmlu_local_stem."""
CHAT = "gpt-3.5-turbo-0125/results_2026-11-20T04-29-26.448342"
FILTERS = "Qwen__Qwen2.5-7B-Instruct/results_2026-11-20T04-29-21.906971"
"""Suite with gsm8k_sc_local: four responses to each of 36 documents, under two filters."""
BY_FILE = "mistral4bit_2026-11-20T04-29-40.214931"
"""Suite in the benchmark file_style, for which --output_path named a file."""


@dataclass(frozen=True)
class Output:
    """A folder with output, which tests can change."""

    path: Path

    @classmethod
    def unpack(cls, path: Path) -> "Output":
        with tarfile.open(REAL) as archive:
            archive.extractall(path, filter="data")
        return cls(path)

    def discover(self, benchmark: str = "main") -> Discovery:
        return discover(FolderStorage(self.path), benchmark)

    def run(self, suite: str, task: str, benchmark: str = "main") -> Run:
        """Return the run of a task in a suite."""
        runs = self.discover(benchmark).runs
        [run] = [run for run in runs if run.suite == suite and run.facts.get("task") == task]
        return run

    def pieces(self, run: Run, piece_rows: int = PIECE_ROWS) -> list[RunRows]:
        return list(TaskRunReader(run, lambda name: (self.path / run.folder / name).open("rb"), piece_rows).pieces())

    def read(self, run: Run) -> RunRows:
        """Read a run and join its pieces."""
        pieces = self.pieces(run)
        samples, metrics, stats, judgements, item_scores = (
            pa.concat_tables([contract.decode(getattr(piece, contract.name)) for piece in pieces])
            for contract in (SAMPLES, METRICS, STATS, JUDGEMENTS, ITEM_SCORES)
        )
        rejects = tuple(reject for piece in pieces for reject in piece.rejects)
        disagreements = [row for piece in pieces for row in piece.disagreements]
        return RunRows(samples, metrics, stats, judgements, item_scores, rejects, disagreements)

    def file(self, suite: str, task: str | None = None, benchmark: str = "main") -> Path:
        """Return the path of a results file, or of the samples file of one of its tasks."""
        results = self.path / benchmark / f"{suite}.json"
        stamp = suite.rpartition("_")[2]
        return results if task is None else results.with_name(f"samples_{task}_{stamp}.jsonl")

    def results(self, suite: str, benchmark: str = "main") -> dict[str, Any]:
        """Return the contents of a results file."""
        content: dict[str, Any] = json.loads(self.file(suite, benchmark=benchmark).read_text())
        return content

    def rows(self, suite: str, task: str, benchmark: str = "main") -> list[dict[str, Any]]:
        """Return the rows of a samples file."""
        return [json.loads(line) for line in self.file(suite, task, benchmark).read_text().splitlines()]

    def write(self, suite: str, content: Mapping[str, Any], benchmark: str = "main") -> None:
        """Replace a results file."""
        self.file(suite, benchmark=benchmark).write_text(json.dumps(content))


def sample_rows(rows: RunRows) -> list[dict[str, Any]]:
    """Validate and return the rows of the table `samples`."""
    SAMPLES.validate(rows.samples)
    found: list[dict[str, Any]] = SAMPLES.decode(rows.samples).to_pylist()
    return found


def statistics(rows: RunRows) -> dict[str, dict[str, Any]]:
    """Validate and return the rows of the table `stats` by metric."""
    STATS.validate(rows.stats)
    return {row["metric_name"]: row for row in STATS.decode(rows.stats).to_pylist()}


def standard_errors(rows: RunRows) -> dict[str, Any]:
    """Return the reported and recomputed standard errors with their method, by metric."""
    names = {"recomputed": "standard_error", "reported": "reported_standard_error", "method": "standard_error_method"}
    return {metric: {short: row[name] for short, name in names.items()} for metric, row in statistics(rows).items()}


def results(**content: Any) -> Results:
    """Make a results file; fields that are not given are empty."""
    return msgspec.convert({"results": {}, "configs": {}} | content, Results)


def task(listed: Mapping[str, Any] | None = None, reported: Mapping[str, Any] | None = None, **content: Any) -> Task:
    """Make the task `quiz` with its configuration and its reported numbers."""
    return Task(results(results={"quiz": reported or {}}, configs={"quiz": listed or {}}, **content), "quiz")


def metrics(*listed: tuple[str, str | None]) -> dict[str, Any]:
    """Make the configuration of a task that lists metrics with their aggregations."""
    items = [{"metric": name} | ({"aggregation": how} if how else {}) for name, how in listed]
    return {"metric_list": items}


def line(doc_id: int, filter_name: str = "none", **values: Any) -> dict[str, Any]:
    """Make a row of a samples file."""
    return {"doc_id": doc_id, "filter": filter_name, "metrics": list(values), "doc": {"question": "?"}, **values}


def lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Make the bytes of a samples file."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def rows_of(of: Task, rows: Sequence[Mapping[str, Any]]) -> list[ScoredRow]:
    """Read rows of which none is rejected."""
    reader = SamplesFileReader(of, "samples.jsonl")
    read = list(reader.rows(BytesIO(lines(rows))))
    assert reader.take_rejects() == ()
    return read


def values_of(of: Task, rows: Sequence[Mapping[str, Any]]) -> ValuesByMetric:
    """Read rows and return their values by metric."""
    values: ValuesByMetric = {}
    add_values(rows_of(of, rows), values)
    return values
