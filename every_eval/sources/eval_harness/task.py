"""One task or group of an evaluation: its run's name, its main metric, and what all its rows share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from every_eval.sources.eval_harness.aggregations import objects
from every_eval.sources.eval_harness.model import Model, model_of, plain
from every_eval.sources.eval_harness.results import Results
from every_eval.sources.source import Run

BYPASS: Final = "bypass"
"""The metric of --predict_only, always 999: it says that nothing was measured."""

_FILE_FORMATS: Final = {"arrow", "csv", "generator", "json", "pandas", "parquet", "text", "webdataset", "xml"}
"""What `dataset_path` names where the data are files, not a dataset on the Hub; folders of images and the like too."""


@dataclass(frozen=True)
class Task:
    """A task or group with the evaluation that it was a part of."""

    results: Results
    name: str

    @cached_property
    def model(self) -> Model:
        """The model evaluated."""
        return model_of(self.results)

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """The task's configuration; empty for a group, whose own the file lacks."""
        return self.results.configs.get(self.name, {})

    @property
    def is_group(self) -> bool:
        """Whether it is a group."""
        return self.results.is_group(self.name)

    @cached_property
    def variant(self) -> str:
        """What is held fixed when models are compared: task, its version, n-shot and limit."""
        stated = {
            "version": self.results.versions.get(self.name),
            "n_shot": self.results.n_shot.get(self.name),
            "limit": _limit(self.results.config.get("limit")),
        }
        arguments = ",".join(f"{key}={plain(value)}" for key, value in stated.items() if value is not None)
        return f"{self.name}:{arguments}" if arguments else self.name

    @property
    def run_name(self) -> str:
        """The variant and the model."""
        return f"{self.variant},model={self.model.name or ''},model_deployment={self.model.deployment}"

    def filters(self) -> list[str]:
        """Names of the task's filters, in its order; `none` stands for no filter."""
        listed = [str(item.get("name")) for item in objects(self.config.get("filter_list"))]
        reported = [key.partition(",")[2] for key in self.results.reported(self.name)]
        return list(dict.fromkeys(listed or reported))

    @cached_property
    def main_metric(self) -> str | None:
        """Its "{metric},{filter}": the first that the task lists and the file reports; null if there is none."""
        return self.main_metric_of(self.filters())

    def main_metric_of(self, filters: Iterable[str]) -> str | None:
        """The same among some filters, the first that has one."""
        reported = [key for key in self.results.reported(self.name) if key.partition(",")[0] != BYPASS]
        listed = [str(item.get("metric")) for item in objects(self.config.get("metric_list"))]
        for name in filters:
            keys = [f"{metric},{name}" for metric in listed] + [key for key in reported if key.endswith(f",{name}")]
            if found := next((key for key in keys if key in reported), None):
                return found
        return None

    @property
    def split(self) -> str | None:
        """Split that is evaluated: the test split, else the validation split; null if the task names neither."""
        return self._stated("test_split") or self._stated("validation_split")

    @property
    def output_type(self) -> str | None:
        """How the model is asked, such as multiple_choice; null for a group."""
        return self._stated("output_type")

    @property
    def is_on_hub(self) -> bool:
        """Whether the task states a dataset on the Hub, of which it takes the rows as they come."""
        path = str(self.config.get("dataset_path") or "")
        is_named = bool(path) and path not in _FILE_FORMATS and not path.endswith("folder") and path[0] not in "/.~"
        return is_named and not self.config.get("process_docs") and not self.config.get("custom_dataset")

    def shared(self, run: Run) -> Mapping[str, Any]:
        """Values of the columns that are the same in every row of the run."""
        return {
            "source": run.source,
            "benchmark": run.benchmark,
            "suite": run.suite,
            "run": run.name,
            "dataset_name": self.name,
            "task": None,
            "variant": self.variant,
            "groups": self.results.groups_of(self.name),
            "model_name": self.model.name,
            "model_family": self.model.family,
            "model_deployment": self.model.deployment,
            "adapter_method": self.output_type,
            "source_url": run.folder,
            "source_version": run.suite,
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
        }

    def _stated(self, key: str) -> str | None:
        """A text of the configuration; null where it has none."""
        value = self.config.get(key)
        return value if isinstance(value, str) else None


def _limit(limit: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A limit as people write it: 20 for 20.0."""
    return int(limit) if isinstance(limit, float) and limit.is_integer() else limit
