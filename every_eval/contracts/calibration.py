"""calibration: how far the probabilities that a model states are from its share of right answers."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.table import Column, Table


def _error(n_bins: int) -> tuple[Column, ...]:
    name = f"ece_{n_bins}_bin"
    bins = "one bin: |mean_probability - accuracy|" if n_bins == 1 else f"{n_bins} bins of about equally many answers"
    return (
        Column(name, pa.float64(), f"Expected calibration error over {bins}.", minimum=0, maximum=1),
        Column(
            f"{name}_low", pa.float64(), f"Lower end of the 95 % confidence interval of {name}.", minimum=0, maximum=1
        ),
        Column(
            f"{name}_high", pa.float64(), f"Upper end of the 95 % confidence interval of {name}.", minimum=0, maximum=1
        ),
    )


CALIBRATION = Table(
    name="calibration",
    doc=(
        "One row per run that the newest release shows and whose outputs state probabilities: the expected calibration "
        "error, that is the mean over bins of |stated probability - share of right answers|, from max_prob and "
        "exact_match of each instance on the original text. Values of several trials are averaged for each instance "
        "first, where HELM averages the errors of the trials. The error is biased upwards where bins are small; the "
        "interval allows for that: error ± the 95th percentile of Σ w |δ̂ - δ|, where δ is the difference of a bin "
        "and w its share of the answers. It covers at least 95 %: close to 95 % for calibrated models with large "
        "bins, and more for all others. max_prob has steps of 1/1024. Runs with an unscored_reason are left out."
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
        shared.SPLIT,
        shared.SUB_SPLIT,
        Column("n", pa.int64(), "Number of instances with both values.", minimum=1),
        Column("mean_probability", pa.float64(), "Mean of max_prob.", minimum=0, maximum=1),
        Column("accuracy", pa.float64(), "Mean of exact_match.", minimum=0, maximum=1),
        *_error(1),
        *_error(10),
    ),
    key=("source", "benchmark", "release", "suite", "run", "split", "sub_split"),
)
