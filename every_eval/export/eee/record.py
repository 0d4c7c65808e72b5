"""The record of one run: the content of its aggregate file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from every_eval.contracts.repo_layout import folder_name
from every_eval.export.eee.identifiers import RunIdentity, model_folder
from every_eval.export.eee.instances import SCHEMA_VERSION, Instances
from every_eval.export.eee.json_text import text_map
from every_eval.export.eee.model_info import model_info
from every_eval.export.eee.provenance import (
    eval_library,
    evaluation_name,
    evaluation_timestamp,
    source_data,
    source_metadata,
)
from every_eval.export.eee.record_files import WrittenRows
from every_eval.export.eee.results import STATISTIC, Row, results, scored_rows
from every_eval.export.published_runs import PublishedRun

Level = Literal["main", "all"]
"""`main`: the main metrics of a run; `all`: every statistic and every metric."""
MAIN: Final = "main"
NO_MODEL: Final = "the source names no model"
NO_RESULT: Final = "no statistic of the level has a value"


@dataclass(frozen=True)
class Record:
    """What is exported of a run."""

    run: PublishedRun
    level: Level
    provider: str
    """Owner of the data repo."""

    @cached_property
    def statistics(self) -> Sequence[Row]:
        """The statistics of the level, with their scores."""
        rows = scored_rows(self.run.stats)
        return [row for row in rows if row["is_main_metric"] or self.level != MAIN]

    @cached_property
    def results(self) -> Sequence[tuple[Row, dict[str, Any]]]:
        """The statistics that have a value, each with its result."""
        found = list(results(self.statistics, self.run.release, evaluation_name(self._first)))
        ids = self._identity.result_ids([_statistic(row) for row, _ in found])
        return [
            (row, result | {"evaluation_result_id": each} | self._shared)
            for each, (row, result) in zip(ids, found, strict=True)
        ]

    @property
    def left_out_because(self) -> str | None:
        """Reason why the run has no record; null if it has one."""
        if self._first["model_name"] is None:
            return NO_MODEL
        return None if self.results else NO_RESULT

    @cached_property
    def path(self) -> Path:
        """Path of the aggregate file, relative to the folder that the export writes into."""
        folder = folder_name(self._identity.source, self._identity.benchmark)
        model = model_folder(self._model["id"], self._model["developer"])
        return Path("data", folder, model, f"{self._identity.uuid}.json")

    @property
    def rows_path(self) -> Path:
        """Path of the instance file beside the aggregate file."""
        return self.path.with_name(f"{self.path.stem}_samples.jsonl")

    def instances(self) -> Instances:
        """Return what makes the rows of the instance file."""
        return Instances(
            evaluation_id=self._identity.evaluation_id,
            model_id=self._model["id"],
            evaluation_name=evaluation_name(self._first),
            result_ids={_statistic(row): result["evaluation_result_id"] for row, result in self.results},
            metric_names={row["metric_name"] for row in self.statistics} if self.level == MAIN else None,
        )

    def content(self, timestamp: str, rows: WrittenRows | None, counts: Mapping[str, int]) -> dict[str, Any]:
        """Return the content of the aggregate file.

        Args:
            timestamp: When the record was made, in seconds since 1970.
            rows: The instance file; null if there is none.
            counts: Numbers that say what the schema cannot hold.
        """
        source = source_metadata(self._first, self.provider)
        details = {"level": self.level, "run": self._identity.run, "source_url": self._first["source_url"], **counts}
        found = {
            "schema_version": SCHEMA_VERSION,
            "evaluation_id": self._identity.evaluation_id,
            "retrieved_timestamp": timestamp,
            "source_metadata": source | {"additional_details": text_map(details)},
            "eval_library": eval_library(self._identity.source, self._spec),
            "model_info": self._model,
            "evaluation_results": [result for _, result in self.results],
        }
        if (evaluated := evaluation_timestamp(self._spec)) is not None:
            found["evaluation_timestamp"] = evaluated
        if rows is not None:
            found["detailed_evaluation_results"] = {
                "format": "jsonl",
                "file_path": self.rows_path.as_posix(),
                "hash_algorithm": "sha256",
                "checksum": rows.checksum,
                "total_rows": rows.n_rows,
            }
        return found

    @cached_property
    def _first(self) -> Row:
        """The run's first statistic; all of them say the same of the run."""
        row: Row = self.run.stats.slice(0, 1).to_pylist()[0]
        return row

    @cached_property
    def _spec(self) -> Mapping[str, Any]:
        spec: Mapping[str, Any] = msgspec.json.decode(self._first["run_spec"])
        return spec

    @cached_property
    def _identity(self) -> RunIdentity:
        return RunIdentity(*(self._first[name] for name in ("source", "benchmark", "suite", "run")))

    @cached_property
    def _model(self) -> dict[str, Any]:
        name = self._first["model_name"]
        stated = self.run.release.models.get(name) if self.run.release else None
        return model_info(name, self._first["model_deployment"], stated)

    @cached_property
    def _shared(self) -> dict[str, Any]:
        """The parts that are the same in each result of the run."""
        run = self._first
        stated = {"temperature": run["temperature"], "max_tokens": run["max_tokens"] or None}
        details = {name: run[name] for name in ("num_outputs", "n_in_context_examples", "adapter_method")}
        return {
            "source_data": source_data(run, self._spec),
            "generation_config": {
                "generation_args": {name: value for name, value in stated.items() if value is not None},
                "additional_details": text_map(details | {"withheld_arguments": run["withheld_arguments"]}),
            },
        }


def _statistic(row: Row) -> tuple[str | None, ...]:
    return tuple(row[name] for name in STATISTIC)
