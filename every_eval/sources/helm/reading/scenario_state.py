"""Outputs from scenario_state.json, for runs that HELM has not summarised.

The same outputs are read that HELM would write to its display files (`presentation/run_display.py`): no calibration
requests and, of references that were sent one by one, only the chosen one.
"""

from collections.abc import Mapping

from every_eval.sources.decoding import Decoded
from every_eval.sources.helm.reading.contents import text_of
from every_eval.sources.helm.reading.display_files import PREDICTIONS
from every_eval.sources.helm.reading.keys import id_text
from every_eval.sources.helm.reading.metric_index import SampleKey
from every_eval.sources.helm.reading.metrics import LANGUAGE_MODELING
from every_eval.sources.helm.reading.outputs import (
    Outputs,
    instance_columns,
    prediction_columns,
    request_columns,
)
from every_eval.sources.helm.reading.perturbations import PerturbationReader
from every_eval.sources.helm.reading.records import Completion, Prediction, RequestState
from every_eval.sources.source import Reject

FILE = "scenario_state.json"
KEY = "request_states"
SEPARATE = "multiple_choice_separate_"
SEPARATE_CALIBRATED = "multiple_choice_separate_calibrated"


def read_outputs(
    states: Decoded[RequestState],
    method: str,
    chosen: Mapping[SampleKey, float],
    perturbations: PerturbationReader,
    rejects: list[Reject],
) -> Outputs:
    """Return the outputs that HELM would display, and add what cannot be read to `rejects`.

    Args:
        states: Elements of the file's list, with their positions.
        method: The adaptation's method.
        chosen: The metric predicted_index, by HELM's key.
        perturbations: Reads the perturbations of the instances.
        rejects: Is added to.
    """
    displayed = []
    for position, state in zip(*states, strict=True):
        treatment = perturbations.read(state.instance, FILE, f"$.{KEY}[{position}].instance")
        if isinstance(treatment, Reject):
            rejects.append(treatment)
            continue
        key = (id_text(state.instance.id), treatment.perturbation, state.train_trial_index)
        if state.result is None or not _is_displayed(state, method, chosen.get(key)):
            continue
        completion = state.result.completions[0] if state.result.completions else Completion()
        displayed.append((state.instance, _prediction(state, completion, method), treatment, state.request))
    instances, predictions, treatments, requests = map(list, zip(*displayed, strict=True)) if displayed else [[]] * 4
    texts = {**instance_columns(instances), **prediction_columns(predictions), **request_columns(requests)}
    return Outputs(PREDICTIONS.keys(predictions, treatments), texts)


def _is_displayed(state: RequestState, method: str, chosen: float | None) -> bool:
    if method == SEPARATE_CALIBRATED and state.request_mode == "calibration":
        return False
    return not method.startswith(SEPARATE) or chosen is None or chosen == state.reference_index


def _prediction(state: RequestState, completion: Completion, method: str) -> Prediction:
    mapping = state.output_mapping or {}
    prefix = _prefix(state, completion, method)
    cut = completion.text[len(prefix) :] if prefix and completion.text.startswith(prefix) else None
    return Prediction(
        instance_id=state.instance.id,
        train_trial_index=state.train_trial_index,
        predicted_text=completion.text,
        truncated_predicted_text=cut,
        mapped_output=mapping.get(completion.text.strip()),
        reference_index=state.reference_index,
        perturbation=state.instance.perturbation,
        annotations=state.annotations,
        thinking_text=completion.thinking.text if completion.thinking else None,
        multimedia=completion.multimodal_content,
    )


def _prefix(state: RequestState, completion: Completion, method: str) -> str:
    """Return the part of its prompt that an output repeats."""
    if method.startswith(SEPARATE):
        return text_of(state.instance.input)
    if method == LANGUAGE_MODELING and completion.tokens and not completion.tokens[0].top_logprobs:
        return completion.tokens[0].text
    return ""
