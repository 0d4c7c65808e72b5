"""A made-up run of two questions, one of which is asked again with a changed text."""

import json
from collections.abc import Mapping
from copy import deepcopy
from io import BytesIO
from typing import Any

from every_eval.sources.helm.reading.run_reader import HelmRunReader
from every_eval.sources.source import Input, Run, RunRows
from every_eval_tests.rows_of_runs import gather

TYPOS = {"name": "typos", "robustness": True, "fairness": False, "computed_on": "perturbed", "prob": 0.1}
"""A perturbation; TYPOS_JSON is its canonical JSON."""
TYPOS_JSON = '{"computed_on":"perturbed","fairness":false,"name":"typos","prob":0.1,"robustness":true}'

FACTS = {"main_metrics": '[["exact_match","test"]]', "category": "Scenarios", "creator": "Somebody"}

Files = dict[str, Any]
"""Content of a run's files by name: JSON values, or bytes that are written as they are."""


def name_of(metric: str, **rest: Any) -> dict[str, Any]:
    """Return the name of a metric as HELM writes it."""
    return {"name": metric, "split": "test", **rest}


def stat(metric: str, *values: float, **rest: Any) -> dict[str, Any]:
    """Return the statistic of some values as HELM writes it."""
    measured = {"sum": float(sum(values)), "count": len(values), "sum_squared": sum(value**2 for value in values)}
    spread = {"min": min(values), "max": max(values), "mean": sum(values) / len(values)} if values else {}
    return {"name": name_of(metric, **rest), **measured, **spread}


def _instance(instance_id: str, text: str, *answers: tuple[str, bool], **rest: Any) -> dict[str, Any]:
    references = [{"output": {"text": answer}, "tags": ["correct"] if right else []} for answer, right in answers]
    return {"id": instance_id, "input": {"text": text}, "references": references, "split": "test", **rest}


def _of(instance_id: str, **rest: Any) -> dict[str, Any]:
    return {"instance_id": instance_id, "train_trial_index": 0, **rest}


FILES: Files = {
    "run_spec.json": {
        "name": "quiz:subject=x,model=m_a",
        "scenario_spec": {"class_name": "QuizScenario", "args": {"subject": "x", "level": 2}},
        "adapter_spec": {"method": "generation", "model": "m/a", "model_deployment": "host/a"},
        "groups": ["quiz"],
    },
    "scenario.json": {"name": "quiz", "description": "", "tags": []},
    "instances.json": [
        _instance("id1", "One?", ("1", True), ("2", False), ("uno", True)),
        _instance("id2", "Two?", ("2", True)),
        _instance("id1", "Oen?", ("1", True), ("2", False), ("uno", True), perturbation=TYPOS),
    ],
    "display_predictions.json": [
        _of("id1", predicted_text=" 1"),
        _of("id2", predicted_text=" 3", mapped_output="three", truncated_predicted_text="3"),
        _of("id1", predicted_text=" 2", perturbation=TYPOS),
    ],
    "display_requests.json": [
        _of("id2", request={"prompt": "Q: Two?"}),
        _of("id1", request={"prompt": "Q: Oen?"}, perturbation=TYPOS),
        _of("id1", request={"prompt": "Q: One?"}),
    ],
    "per_instance_stats.json": [
        _of("id1", stats=[stat("exact_match", 1.0), stat("f1", 0.5)]),
        _of("id2", stats=[stat("exact_match", 0.0), stat("f1")]),
        _of(
            "id1",
            stats=[stat("exact_match", 0.0, perturbation=TYPOS), stat("f1", 0.25, perturbation=TYPOS)],
            perturbation=TYPOS,
        ),
    ],
    "stats.json": [
        stat("exact_match", 0.5),
        stat("f1", 0.5),
        stat("exact_match", 0.0, perturbation=TYPOS),
        stat("num_instances", 2.0),
        stat("f1", 0.25, perturbation=TYPOS),
    ],
}


def files(**changed: Any) -> Files:
    """Return a copy of the run's files; `changed` replaces some of them, named without `.json`."""
    return deepcopy(FILES) | {f"{name}.json": content for name, content in changed.items()}


def raw_of(content: Any) -> bytes:
    """Return the bytes of a file as Python's `json` writes them: in ASCII, with NaN and Infinity."""
    return content if isinstance(content, bytes) else json.dumps(content, indent=2).encode()


def read(content: Mapping[str, Any], *, facts: Mapping[str, str] = FACTS, **run: Any) -> RunRows:
    """Return the run's rows, and assert that whole and piecewise reading give the same rows.

    A file whose content is null is left out of the run.
    """
    whole, in_pieces = read_both(content, facts=facts, **run)
    assert in_pieces == whole
    return whole


def read_both(content: Mapping[str, Any], *, facts: Mapping[str, str] = FACTS, **run: Any) -> tuple[RunRows, RunRows]:
    """Return the run's rows as files that are read whole give them, and as files that are read in pieces do."""
    raw = {name: raw_of(value) for name, value in content.items() if value is not None}
    inputs = tuple(Input(name, len(value), "w") for name, value in sorted(raw.items()))
    identity = {"source": "helm", "benchmark": "lite", "suite": "v1", "name": "quiz:subject=x,model=m_a"} | run
    folder = f"lite/benchmark_output/runs/v1/{identity['name']}"
    made_up = Run(**identity, folder=folder, inputs=inputs, facts=facts)
    whole, in_pieces = (
        gather(HelmRunReader(made_up, lambda name: BytesIO(raw[name]), *sizes).pieces())
        for sizes in ((1 << 30, 1), (0, 300))
    )
    return whole, in_pieces


def rejects(rows: RunRows) -> list[tuple[str, str | None, str | None]]:
    """Return reason, file and place of each reject."""
    return [(reject.reason.value, reject.file, reject.place) for reject in rows.rejects]


def unreadable(rows: RunRows) -> list[tuple[str, str | None, str | None]]:
    """Return what `rejects` returns, without the rows that a file lacks: made-up files need not be of one run."""
    return [each for each in rejects(rows) if each[0] != "rows_missing"]
