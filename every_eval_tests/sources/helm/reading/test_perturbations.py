import json
from typing import Any

import msgspec

from every_eval.contracts.rejects import Reason
from every_eval.sources.helm.reading.perturbations import PerturbationReader
from every_eval.sources.helm.reading.records import Perturbed
from every_eval.sources.helm.statistics.metric_values import ORIGINAL, Treatment
from every_eval.sources.source import Reject
from every_eval_tests.sources.helm.made_up import TYPOS, TYPOS_JSON


def _record(perturbation: Any) -> Perturbed:
    return Perturbed(perturbation=msgspec.Raw(json.dumps(perturbation).encode()))


def _treatment(perturbation: Any) -> Treatment | Reject:
    return PerturbationReader().read(_record(perturbation), "instances.json", "$[3]")


def test_a_perturbation_is_its_whole_object_in_one_spelling() -> None:
    expected = Treatment(TYPOS_JSON, "typos", "perturbed")

    assert _treatment(TYPOS) == expected
    assert _treatment(dict(reversed(TYPOS.items()))) == expected
    assert _treatment(TYPOS | {"prob": 0.2}) != expected


def test_without_a_perturbation_a_text_is_the_original() -> None:
    assert _treatment(None) == ORIGINAL
    assert PerturbationReader().read(Perturbed(), "instances.json", "$[3]") == ORIGINAL


def test_what_it_is_computed_on_is_itself_unless_it_says_otherwise() -> None:
    assert _treatment({"name": "x"}) == Treatment('{"name":"x"}', "x", "perturbed")
    worst = _treatment({"name": "x", "computed_on": "worst"})
    assert isinstance(worst, Treatment) and worst.computed_on == "worst"


def test_what_is_no_perturbation_is_a_reject_with_its_place() -> None:
    wrongs: list[Any] = [[], "typos", 5, {}, {"name": None}, {"name": 5}]
    for wrong in wrongs:
        reject = _treatment(wrong)
        assert isinstance(reject, Reject)
        assert (reject.reason, reject.file) == (Reason.UNEXPECTED_SHAPE, "instances.json")
        assert str(reject.place).startswith("$[3]")
