"""What a release states of its models and metrics."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from every_eval.sources.helm.schema import Field, SchemaModel
from every_eval.sources.source import Source


class _Schema(msgspec.Struct):
    """The parts of a release's schema that describe models and metrics; only HELM's schema has them."""

    models: tuple[SchemaModel, ...] = ()
    metrics: tuple[Field, ...] = ()


@dataclass(frozen=True, eq=False)
class ReleaseFacts:
    """A row of the table `releases`, without its cells."""

    source: Source
    row: Mapping[str, Any]

    @cached_property
    def runs(self) -> frozenset[tuple[str, str]]:
        """Suite and name of each run that the release shows."""
        return frozenset((run["suite"], run["run"]) for run in self.row["runs"])

    @cached_property
    def directions(self) -> Mapping[str, bool]:
        """Whether lower is better, by metric; a metric without a direction is absent."""
        return self.source.directions(self.row) if self.row["schema_json"] else {}

    @cached_property
    def models(self) -> Mapping[str, SchemaModel]:
        """Models that the release describes, by name."""
        return {model.name: model for model in self._schema.models}

    @cached_property
    def metrics(self) -> Mapping[str, Field]:
        """Metrics that the release describes, by name."""
        return {metric.name: metric for metric in self._schema.metrics}

    @cached_property
    def _schema(self) -> _Schema:
        schema = self.row["schema_json"]
        return msgspec.json.decode(schema, type=_Schema) if schema else _Schema()
