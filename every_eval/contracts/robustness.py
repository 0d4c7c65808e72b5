"""robustness: what a perturbation of the text costs each model."""

from dataclasses import replace

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.paired_columns import UNPAIRED, interval
from every_eval.contracts.table import Column, Table

ROBUSTNESS = Table(
    name="robustness",
    doc=(
        "One row per run that the newest release shows, main metric and perturbation: perturbed minus original, on the "
        "instances that the perturbation changed. Both values are of the same model on the same instance, so that the "
        "difference is paired. Perturbations of the kind fairness change the dialect, or the gender or race of people "
        "in the text: their differences are the fairness gaps. Runs with an unscored_reason are left out. The "
        "intervals cover the choice of instances, not the random choices of the perturbation."
    ),
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        shared.RELEASE,
        shared.MODEL_NAME,
        shared.MODEL_DEPLOYMENT,
        shared.DATASET_NAME,
        shared.TASK,
        shared.VARIANT,
        shared.SUITE,
        shared.RUN,
        shared.METRIC_NAME,
        shared.SPLIT,
        shared.SUB_SPLIT,
        replace(shared.PERTURBATION, null_when=None),
        Column(
            "perturbation_name", pa.string(), "Name of the perturbation.", "the perturbation has no name", repeats=True
        ),
        Column(
            "kind",
            pa.string(),
            "Kind of perturbation: robustness, fairness, or robustness and fairness.",
            "the source states no kind",
            repeats=True,
        ),
        Column(
            "lower_is_better",
            pa.bool_(),
            "Direction of the metric: true if a lower value is better.",
            "the release's schema states no direction",
            repeats=True,
        ),
        Column("n_perturbed", pa.int64(), "Number of perturbed instances with a value.", minimum=0),
        Column("n", pa.int64(), "Number of instances with both values, which all means are over.", minimum=0),
        Column("mean_original", pa.float64(), "Mean value on the original texts of the n instances.", UNPAIRED),
        Column("mean_perturbed", pa.float64(), "Mean value on the perturbed texts.", UNPAIRED),
        Column("difference", pa.float64(), "mean_perturbed - mean_original, in the unit of the metric.", UNPAIRED),
        *interval(UNPAIRED),
        Column(
            "worst",
            pa.float64(),
            "Mean over the n instances of the worse of both values: the smaller, or the larger if lower is better. "
            "(HELM always takes the smaller.) It is never better than mean_original, even if the perturbation does "
            "nothing but change answers at random.",
            f"{UNPAIRED}, or the release's schema states no direction",
        ),
    ),
    key=("source", "benchmark", "release", "suite", "run", "metric_name", "split", "sub_split", "perturbation"),
)
