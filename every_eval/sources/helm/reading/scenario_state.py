"""Outputs from scenario_state.json, for runs that HELM has not summarised.

What HELM would have written to its display files is chosen by the same rules (`presentation/run_display.py`): no
calibration requests and, of references that were sent one by one, only the one that was chosen.
"""

from collections.abc import Mapping

from every_eval.sources.decoding import Decoded
from every_eval.sources.helm.reading.keys import Keys
from every_eval.sources.helm.reading.measured import SampleKey
from every_eval.sources.helm.reading.outputs import (
    Outputs,
    instance_columns,
    prediction_columns,
    request_columns,
    text_of,
)
from every_eval.sources.helm.reading.perturbations import Treatments
from every_eval.sources.helm.reading.records import Completion, Prediction, RequestState
from every_eval.sources.source import Reject

FILE = "scenario_state.json"
KEY = "request_states"
SEPARATE = "multiple_choice_separate_"
SEPARATE_CALIBRATED = "multiple_choice_separate_calibrated"
LANGUAGE_MODELING = "language_modeling"


def read_outputs(
    states: Decoded[RequestState],
    method: str,
    chosen: Mapping[SampleKey, float],
    treatments: Treatments,
    rejects: list[Reject],
) -> Outputs:
    """The outputs that HELM would display.

    `chosen` is the metric predicted_index by HELM's key. What cannot be read is added to `rejects`.
    """
    shown = []
    for position, state in zip(*states, strict=True):
        treatment = treatments.of(state.instance, FILE, f"$.{KEY}[{position}].instance")
        if isinstance(treatment, Reject):
            rejects.append(treatment)
            continue
        key = (state.instance.id, treatment.perturbation, state.train_trial_index)
        if state.result is None or not _is_displayed(state, method, chosen.get(key)):
            continue
        completion = state.result.completions[0] if state.result.completions else Completion()
        shown.append((state.instance, _prediction(state, completion, method), treatment, state.request))
    instances, predictions, treated, requests = map(list, zip(*shown, strict=True)) if shown else [[]] * 4
    texts = {**instance_columns(instances), **prediction_columns(predictions), **request_columns(requests)}
    return Outputs(Keys.of(predictions, treated), [prediction.reference_index for prediction in predictions], texts)


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
        predicted_text=completion.text,
        train_trial_index=state.train_trial_index,
        truncated_predicted_text=cut,
        mapped_output=mapping.get(completion.text.strip()),
        reference_index=state.reference_index,
        perturbation=state.instance.perturbation,
    )


def _prefix(state: RequestState, completion: Completion, method: str) -> str:
    """What an output repeats of its prompt."""
    if method.startswith(SEPARATE):
        return text_of(state.instance.input)
    if method == LANGUAGE_MODELING and completion.tokens and not completion.tokens[0].top_logprobs:
        return completion.tokens[0].text
    return ""
