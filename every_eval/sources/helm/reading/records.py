"""HELM's files as typed records: only the fields that we read.

The shapes are those of crfm-helm's dataclasses (`benchmark/adaptation`, `benchmark/metrics`, `presentation`), in
every version since 0.1.0. An absent optional is an omitted key. What is `Raw` is compared as bytes and decoded once
per distinct value, since a file repeats few metric names and perturbations many times. Records hold no cycles, and
are so many that looking for cycles in them would take longer than decoding them: the garbage collector is told so.
"""

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Raw, Struct

Index = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Number = float | Literal["NaN", "Infinity", "-Infinity"]
"""A number; those that JSON lacks stand as texts in a mended file."""

ABSENT: Final = Raw()
"""Stands for JSON that is not there."""


class Perturbed(Struct, kw_only=True, gc=False):
    """What concerns a text that may have been changed."""

    perturbation: Raw = ABSENT
    """How, as JSON; `ABSENT` or null if it was not."""


class Text(Struct, gc=False):
    """Input or output; before 0.2.0 a plain string stood for it."""

    text: str = ""


class Reference(Struct, gc=False):
    """One possible answer."""

    output: Text | str
    tags: list[str] = []


class Instance(Perturbed, kw_only=True, gc=False):
    """One question, original or perturbed."""

    id: str
    input: Text | str
    references: list[Reference] = []
    split: str | None = None
    sub_split: str | None = None


class Prediction(Perturbed, kw_only=True, gc=False):
    """Element of display_predictions.json."""

    instance_id: str
    predicted_text: str | None = None
    train_trial_index: Index = 0
    truncated_predicted_text: str | None = None
    mapped_output: str | None = None
    reference_index: Index | None = None


class RequestBody(Struct, gc=False):
    """What was sent to the model: a prompt or, for a chat, messages."""

    prompt: str = ""
    messages: list[dict[str, Any]] | None = None


class DisplayRequest(Perturbed, kw_only=True, gc=False):
    """Element of display_requests.json."""

    instance_id: str
    request: RequestBody
    train_trial_index: Index = 0


class Token(Struct, gc=False):
    """A piece of a text."""

    text: str = ""
    top_logprobs: dict[str, Any] | None = None
    """The likeliest tokens at its place; HELM 0.5.0 dropped them."""


class Completion(Struct, gc=False):
    """One answer of a model."""

    text: str = ""
    tokens: list[Token] = []


class RequestResult(Struct, gc=False):
    """What came back from the model."""

    completions: list[Completion] = []


class RequestState(Struct, gc=False):
    """Element of scenario_state.json's `request_states`: something asked, and answered."""

    instance: Instance
    request: RequestBody
    train_trial_index: Index = 0
    reference_index: Index | None = None
    request_mode: str | None = None
    output_mapping: dict[str, str] | None = None
    result: RequestResult | None = None


class MetricName(Perturbed, kw_only=True, gc=False):
    """What a statistic is of."""

    name: str
    split: str | None = None
    sub_split: str | None = None


class Stat(Struct, gc=False):
    """Values of one metric, added up."""

    name: Raw
    count: Count
    sum: Number = 0.0
    min: Number | None = None
    max: Number | None = None


class ReportedStat(Struct, gc=False):
    """Element of stats.json: values of one metric over trials."""

    name: MetricName
    count: Count
    sum: Number = 0.0
    min: Number | None = None
    max: Number | None = None
    mean: Number | None = None


class InstanceStats(Perturbed, kw_only=True, gc=False):
    """Element of per_instance_stats.json: metrics of one instance in one trial."""

    instance_id: str
    stats: list[Stat]
    train_trial_index: Index = 0


class ScenarioSpec(Struct, frozen=True, gc=False):
    """Which scenario, with which arguments."""

    class_name: str = ""
    args: dict[str, Any] = {}


class AdapterSpec(Struct, frozen=True, gc=False):
    """How instances become prompts, and for which model."""

    method: str | None = None
    model: str | None = None
    model_deployment: str | None = None


class RunSpec(Struct, gc=False):
    """run_spec.json."""

    name: str
    scenario_spec: ScenarioSpec = ScenarioSpec()
    adapter_spec: AdapterSpec = AdapterSpec()
    groups: list[str] = []


class Scenario(Struct, gc=False):
    """scenario.json."""

    name: str
