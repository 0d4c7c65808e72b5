"""A task or group of an evaluation: the name of its run, its main metric, and the values that all its rows share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Self

from every_eval.contracts.samples import OUTCOME
from every_eval.sources.arguments import public_text
from every_eval.sources.eval_harness.aggregations import objects
from every_eval.sources.eval_harness.evaluated_model import EvaluatedModel, model_of, plain
from every_eval.sources.eval_harness.published_spec import PublishedSpec, published_spec
from every_eval.sources.eval_harness.results import Results, is_placeholder
from every_eval.sources.eval_harness.run_settings import run_settings
from every_eval.sources.model_ordinals import ORDINAL
from every_eval.sources.source import TASK, Run

BYPASS: Final = "bypass"
"""Metric of lm-eval's option --predict_only. Its value is always 999 and means that nothing was scored."""

CHOSEN: Final = "samples"
"""Fact of a run that tells which documents were chosen; absent if discovery knows of no choice."""

_FILE_FORMATS: Final = {"arrow", "csv", "generator", "json", "pandas", "parquet", "text", "webdataset", "xml"}
"""Values of `dataset_path` that mean local files instead of a dataset on the Hub, as do names that end in "folder"."""


_UNSTATED: Final = (
    "judges",
    "messages",
    "media",
    "output_media",
    "extra_data",
    "thinking_text",
    "annotations",
    "n_unjudged",
    *(column.name for column in OUTCOME),
)
"""Columns that are null in every row, because lm-eval does not state their values."""


@dataclass(frozen=True)
class Task:
    """A task or group of an evaluation."""

    results: Results
    """Results file of the evaluation."""
    name: str
    """Name of the task or group."""
    ordinal: int = 1
    """Number of the model among models that differ only in arguments that are not published."""
    chosen: str = ""
    """Number and digest of the chosen documents; empty if discovery knows of no choice."""

    @classmethod
    def of_run(cls, results: Results, run: Run) -> Self:
        """Return the task of a run as discovery named it."""
        return cls(results, run.facts[TASK], int(run.facts.get(ORDINAL, 1)), run.facts.get(CHOSEN, ""))

    @property
    def facts(self) -> Mapping[str, str]:
        """Return the facts of the task's run, from which `of_run` makes the task again."""
        further = {ORDINAL: str(self.ordinal) if self.ordinal > 1 else "", CHOSEN: self.chosen}
        return {TASK: self.name} | {name: fact for name, fact in further.items() if fact}

    @cached_property
    def model(self) -> EvaluatedModel:
        """Model that was evaluated."""
        return model_of(self.results, self.ordinal)

    @cached_property
    def spec(self) -> PublishedSpec:
        """Specification of the run, without what is not published."""
        return published_spec(self.results, self.name)

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """Configuration of the task; empty for a group, because the file has none."""
        return self.results.configs.get(self.name, {})

    @property
    def is_group(self) -> bool:
        """True for a group, false for a task."""
        return self.results.is_group(self.name)

    @cached_property
    def variant(self) -> str:
        """Name, version, n-shot and limit of the task: models are compared within a variant."""
        return self.variant_of(self.chosen)

    def variant_of(self, chosen: str) -> str:
        """Return the variant with chosen documents, as `TaskCompleteness.choice` names them."""
        stated = {
            "version": self.results.version(self.name),
            "n_shot": self.results.n_shot_of(self.name),
            "limit": _limit(self.results.config.get("limit")),
        }
        texts = [(key, public_text(plain(value))) for key, value in stated.items() if value is not None]
        arguments = ",".join(f"{key}={value}" for key, value in (*texts, (CHOSEN, chosen)) if value)
        return f"{self.name}:{arguments}" if arguments else self.name

    @property
    def is_partial(self) -> bool:
        """True if not all documents of the task were evaluated."""
        return bool(self.chosen) or self.results.is_partial(self.name)

    @property
    def run_name(self) -> str:
        """Name of the run: the variant and the model."""
        return f"{self.variant},model={self.model.name or ''},model_deployment={self.model.deployment}"

    def filters(self) -> list[str]:
        """Return the names of the task's filters, in the task's order; lm-eval writes `none` for no filter."""
        listed = [str(item.get("name")) for item in objects(self.config.get("filter_list"))]
        reported = [key.partition(",")[2] for key in self.results.reported(self.name)]
        return list(dict.fromkeys(listed or reported))

    @cached_property
    def main_metric(self) -> str | None:
        """Main metric as "{metric},{filter}": the first that the task lists and the file reports; null if none."""
        return self.main_metric_of(self.filters())

    def main_metric_of(self, filters: Iterable[str]) -> str | None:
        """Return the main metric of the first of `filters` that has one; null if none has one."""
        reported = [
            key
            for key, number in self.results.reported(self.name).items()
            if key.partition(",")[0] != BYPASS and not is_placeholder(number.value)
        ]
        listed = [str(item.get("metric")) for item in objects(self.config.get("metric_list"))]
        for name in filters:
            keys = [f"{metric},{name}" for metric in listed] + [
                key for key in reported if key.partition(",")[2] == name
            ]
            if found := next((key for key in keys if key in reported), None):
                return found
        return None

    @property
    def split(self) -> str | None:
        """Split that was evaluated: the test split, else the validation split; null if the task names neither."""
        return self._stated("test_split") or self._stated("validation_split")

    @cached_property
    def target_delimiter(self) -> str:
        """Text between a prompt and a choice."""
        return str(self.config.get("target_delimiter", ""))

    @cached_property
    def output_type(self) -> str | None:
        """Kind of request to the model, such as multiple_choice; null for a group."""
        return self._stated("output_type")

    @property
    def is_on_hub(self) -> bool:
        """True if the task uses a dataset on the Hub in its own order, so that doc_id is the number of the row."""
        path = str(self.config.get("dataset_path") or "")
        is_named = bool(path) and path not in _FILE_FORMATS and not path.endswith("folder") and path[0] not in "/.~"
        return is_named and not self.config.get("process_docs") and not self.config.get("custom_dataset")

    def shared(self, run: Run) -> Mapping[str, Any]:
        """Return the values of columns that are equal in all rows of the run."""
        return {
            "source": run.source,
            "benchmark": run.benchmark,
            "suite": run.suite,
            "run": run.name,
            "source_url": run.folder,
            "source_version": run.suite,
            "releases": list(run.releases),
            **self._shared,
        }

    @cached_property
    def _shared(self) -> Mapping[str, Any]:
        return {
            "dataset_name": self.name,
            "task": None,
            "variant": self.variant,
            "groups": self.results.groups_of(self.name),
            "model_name": self.model.name,
            "model_family": self.model.family,
            "model_deployment": self.model.deployment,
            "adapter_method": self.output_type,
            "category": None,
            "creator": None,
            "hf_split": self.split if self.is_on_hub else None,
            "license": None,
            "split": self.split,
            "sub_split": None,
            "perturbation": None,
            "perturbation_name": None,
            "computed_on": None,
            "train_trial_index": 0,
            "reference_index": None,
            "is_encrypted": False,
            **dict.fromkeys(_UNSTATED),
            **run_settings(self.results, self.name),
            "is_complete": True,
            "n_rejected": 0,
            "withheld_arguments": list(self.spec.withheld) or None,
        }

    def _stated(self, key: str) -> str | None:
        """Return a text of the configuration; null if there is none that may be published."""
        value = self.config.get(key)
        return public_text(value) if isinstance(value, str) else None


def _limit(limit: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a limit as people write it: 20 for 20.0."""
    return int(limit) if isinstance(limit, float) and limit.is_integer() else limit
