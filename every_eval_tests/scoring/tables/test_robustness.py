import pytest

from every_eval.scoring.tables.robustness import describe, robustness
from every_eval_tests.scoring.tables.example_runs import F1, answers, example_run

TYPOS = '{"name":"typos","robustness":true,"fairness":false}'


def test_only_instances_that_the_perturbation_changed_are_compared() -> None:
    runs = [example_run("a"), example_run("b")]
    originals = [answers({1: 1.0, 2: 1.0, 3: 0.0, 4: 1.0}), answers({1: 1.0, 2: 0.0, 3: 0.0, 4: 0.0})]
    perturbed = [answers({1: 0.0, 2: 1.0, 3: 1.0}), answers({2: 0.0, 5: 1.0})]
    a, b = robustness(runs, F1, TYPOS, originals, perturbed, lower_is_better=False)

    assert (a["run"], a["metric_name"], a["perturbation"]) == ("gsm:model=a", "f1", TYPOS)
    assert (a["perturbation_name"], a["kind"]) == ("typos", "robustness")
    # item 4 is unchanged; of the others 1, 1, 0 became 0, 1, 1
    assert (a["n_perturbed"], a["n"], a["mean_original"], a["mean_perturbed"]) == (3, 3, 2 / 3, 2 / 3)
    assert (a["difference"], a["p_value"]) == (0.0, 1.0)
    assert a["worst"] == pytest.approx(1 / 3)  # 0, 1, 0
    # of b, instance 5 has no original, and instance 2 is wrong both times
    assert (b["n_perturbed"], b["n"], b["mean_original"], b["difference"], b["worst"]) == (2, 1, 0.0, 0.0, 0.0)


def test_the_worse_value_is_the_larger_where_lower_is_better() -> None:
    given = ([example_run("a")], F1, TYPOS, [answers({1: 0.5, 2: 0.25})], [answers({1: 0.25, 2: 0.75})])
    assert robustness(*given, lower_is_better=False)[0]["worst"] == 0.25
    assert robustness(*given, lower_is_better=True)[0]["worst"] == (0.5 + 0.75) / 2
    assert robustness(*given, lower_is_better=None)[0]["worst"] is None


def test_without_a_common_instance_nothing_is_compared() -> None:
    (row,) = robustness([example_run("a")], F1, TYPOS, [answers({})], [answers({1: 0.25})], lower_is_better=True)
    compared = ("mean_original", "mean_perturbed", "difference", "ci_low", "ci_high", "ci_method", "p_value", "worst")
    assert [row[name] for name in compared] == [None] * len(compared)
    assert (row["n_perturbed"], row["n"]) == (1, 0)


@pytest.mark.parametrize(
    ("perturbation", "name", "kind"),
    [
        ('{"fairness":true,"name":"dialect","robustness":false}', "dialect", "fairness"),
        ('{"fairness":true,"name":"both","robustness":true}', "both", "robustness and fairness"),
        ('{"fairness":"yes","name":7}', None, None),
        ("[1]", None, None),
    ],
)
def test_name_and_kind_are_what_the_perturbation_states(perturbation: str, name: str | None, kind: str | None) -> None:
    assert describe(perturbation) == {"perturbation": perturbation, "perturbation_name": name, "kind": kind}
