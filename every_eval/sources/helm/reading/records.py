"""HELM's files as typed records, with only the fields that we read.

The shapes are those of crfm-helm's dataclasses (`benchmark/adaptation`, `benchmark/metrics`, `presentation`), in every
version since 0.1.0. HELM omits the key of an optional value that is absent. Fields of type `Raw` are compared as bytes
and decoded once for each distinct value, since a file repeats few metric names and perturbations many times. `gc=False`
keeps the records from the garbage collector: they hold no cycles, and to search so many of them for cycles would take
longer than to decode them.
"""

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Raw, Struct

from every_eval.sources.decoding import MAX_DEPTH, TOO_DEEP, is_too_deep

Index = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
InstanceId = str | int
"""An instance's id. Some scenarios number their instances: the number in per_instance_stats.json and
scenario_state.json is then the text of the same number in the other files."""
Number = float | Literal["NaN", "Infinity", "-Infinity"]
"""A number. NaN and infinities, which JSON lacks, are texts in a mended file."""

ABSENT: Final = Raw()
"""Stands for JSON that is absent."""


def _check_depth(value: Raw) -> None:
    """Refuse JSON that is kept as it is and that is nested too deeply; msgspec names the place."""
    if is_too_deep(value):
        raise ValueError(TOO_DEEP)


def _check_messages(messages: list[dict[str, Any]] | None) -> None:
    level: list[Any] = messages or []
    for _ in range(MAX_DEPTH):
        level = [part for each in level for part in (each.values() if isinstance(each, dict) else each)]
        level = [part for part in level if isinstance(part, dict | list)]
    if level:
        raise ValueError(TOO_DEEP)


class Perturbed(Struct, kw_only=True, gc=False):
    """A record about a text that a perturbation may have changed."""

    perturbation: Raw = ABSENT
    """The perturbation as JSON; `ABSENT` or null for the original text."""


class MediaObject(Struct, gc=False):
    """An image, a sound, a video or a text."""

    content_type: str | None = None
    location: str | None = None
    text: str | None = None


class Multimedia(Struct, gc=False):
    """Several media in their order."""

    media_objects: list[MediaObject] = []


class Output(Struct, gc=False):
    """The text or the media of an answer; before HELM 0.2.0 a plain string."""

    text: str = ""
    multimedia_content: Multimedia | None = None


class Input(Output, gc=False):
    """The text, the media or the messages of a question; before HELM 0.2.0 a plain string."""

    messages: list[dict[str, Any]] | None = None
    """Messages of a chat, the last of which the model answers."""

    def __post_init__(self) -> None:
        if self.messages:
            _check_messages(self.messages)


class Reference(Struct, gc=False):
    """A possible answer."""

    output: Output | str
    tags: list[str] = []


class Instance(Perturbed, kw_only=True, gc=False):
    """A question, original or perturbed."""

    id: InstanceId
    input: Input | str
    references: list[Reference] = []
    split: str | None = None
    sub_split: str | None = None
    extra_data: Raw = ABSENT

    def __post_init__(self) -> None:
        if self.extra_data is not ABSENT:
            _check_depth(self.extra_data)


class Prediction(Perturbed, kw_only=True, gc=False):
    """An element of display_predictions.json."""

    instance_id: InstanceId
    train_trial_index: Index
    predicted_text: str | None = None
    truncated_predicted_text: str | None = None
    mapped_output: str | None = None
    reference_index: Index | None = None
    annotations: Raw = ABSENT
    """What each annotator says of the output, by the annotator's name."""
    thinking_text: str | None = None
    base64_images: list[Raw] = []
    """Images that the model made: their content, which is not read."""
    multimedia: Multimedia | None = None
    """Media that the model made, of runs that are not summarised; the display files lack them."""

    def __post_init__(self) -> None:
        if self.annotations is not ABSENT:
            _check_depth(self.annotations)


class RequestBody(Struct, gc=False):
    """What HELM sent to the model: a prompt or, for a chat, messages, or media."""

    prompt: str | None = None
    messages: list[dict[str, Any]] | None = None
    multimodal_prompt: Multimedia | None = None

    def __post_init__(self) -> None:
        if self.prompt is None and self.messages is None and self.multimodal_prompt is None:
            raise ValueError("Object has neither `prompt` nor `messages` nor `multimodal_prompt`")
        if self.messages:
            _check_messages(self.messages)


class DisplayRequest(Perturbed, kw_only=True, gc=False):
    """An element of display_requests.json."""

    instance_id: InstanceId
    request: RequestBody
    train_trial_index: Index


class Token(Struct, gc=False):
    """A token of a completion."""

    text: str = ""
    top_logprobs: dict[str, Any] | None = None
    """The most likely tokens at this position; HELM dropped the field in 0.5.0."""


class Thinking(Struct, gc=False):
    """The reasoning before an answer."""

    text: str | None = None


class Completion(Struct, gc=False):
    """One answer of a model."""

    text: str = ""
    tokens: list[Token] = []
    thinking: Thinking | None = None
    multimodal_content: Multimedia | None = None


class RequestResult(Struct, gc=False):
    """The model's response."""

    completions: list[Completion] = []


class RequestState(Struct, gc=False):
    """An element of `request_states` in scenario_state.json: a request and its response."""

    instance: Instance
    request: RequestBody
    train_trial_index: Index
    reference_index: Index | None = None
    request_mode: str | None = None
    output_mapping: dict[str, str] | None = None
    result: RequestResult | None = None
    annotations: Raw = ABSENT

    def __post_init__(self) -> None:
        if self.annotations is not ABSENT:
            _check_depth(self.annotations)


class MetricName(Perturbed, kw_only=True, gc=False):
    """The name of a statistic."""

    name: str
    split: str | None = None
    sub_split: str | None = None


class Stat(Struct, gc=False):
    """An element of `stats` in per_instance_stats.json: the sum of one metric's values."""

    name: Raw
    count: Count
    sum: Number | None = None
    """Null if the sum is missing, which costs this element alone and not its entry."""
    min: Number | None = None
    max: Number | None = None


class ReportedStat(Struct, gc=False):
    """An element of stats.json: one metric's values over trials."""

    name: MetricName
    count: Count
    sum: Number
    min: Number | None = None
    max: Number | None = None
    mean: Number | None = None


class InstanceStats(Perturbed, kw_only=True, gc=False):
    """An element of per_instance_stats.json: the metrics of one instance in one trial."""

    instance_id: InstanceId
    stats: list[Stat]
    train_trial_index: Index


class ScenarioSpec(Struct, frozen=True, gc=False):
    """A scenario and its arguments."""

    class_name: str = ""
    args: dict[str, Any] = {}


class AdapterSpec(Struct, frozen=True, gc=False):
    """An adaptation: how instances become prompts, and for which model."""

    method: str | None = None
    model: str | None = None
    model_deployment: str | None = None
    temperature: Any = None
    max_tokens: Any = None
    num_outputs: Any = None
    max_train_instances: Any = None
    num_train_trials: Any = None


class AnnotatorSpec(Struct, frozen=True, gc=False):
    """An annotator and its arguments."""

    args: Any = None


class RunSpec(Struct, gc=False):
    """The content of run_spec.json."""

    name: str
    scenario_spec: ScenarioSpec = ScenarioSpec()
    adapter_spec: AdapterSpec = AdapterSpec()
    groups: list[str] = []
    annotators: list[AnnotatorSpec] | None = None


class Scenario(Struct, gc=False):
    """The content of scenario.json."""

    name: str
