"""Tell which of Inspect's reported metrics follow from the scores in a log, and why the others do not."""

import re
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType, UnionType
from typing import Any, Final

from packaging.version import InvalidVersion, Version

NOT_DERIVABLE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bootstrap_stderr": "Inspect draws the resamples without a seed",
        "krippendorff_alpha": "agreement between judges, which is no statistic of the sample's score",
        "perplexity_per_seq": "needs the tokens and log-probabilities in the metadata of the scores",
        "perplexity_per_token": "needs the tokens and log-probabilities in the metadata of the scores",
    }
)
"""Metrics of `inspect_ai/scorer/_metrics` that are not recomputed, each with the reason."""

BOOTSTRAPPED: Final = "Inspect draws the resamples of the interval without a seed"
NO_SAMPLES: Final = "the log holds no samples (log_samples=False)"
UNFINISHED: Final = "the run was not finished: Inspect computed the results before it wrote the last samples"
THRESHOLD_UNKNOWN: Final = "the log does not record the reducer's threshold; the recomputed value takes 1"

EARLIER_RULES: Final = 'the version of Inspect counted scores such as NaN, null or the text "nan" by earlier rules'
RULES_SINCE: Final = Version("0.3.253")
"""First version whose rules for scores without a number are taken to be those of 0.3.285, the version that was tried.
0.3.160 counts the texts "nan" and "inf" as numbers, takes a maximum that depends on the place of a NaN among the
epochs, and counts a sample with fewer than k epochs as passed (mended by pull request 3911 of inspect_ai, May 2026)."""

ARGUMENTS: Final[Mapping[str, Mapping[str, type | UnionType]]] = MappingProxyType(
    {
        "accuracy": {},
        "mean": {},
        "std": {},
        "var": {},
        "stderr": {"cluster": str},
        "ci": {"level": float, "method": str, "num_samples": int, "cluster": str},
        "ci_wilson": {"level": float, "cluster": str},
        "grouped": {"metric": dict, "group_key": str, "all": str | bool, "all_label": str, "name_template": str},
        "aggregate": {"key": str, "agg": dict, "on_missing": str},
        "frequency": {"categories": list, "normalize": bool},
    }
)
"""Metrics that are recomputed, each with the arguments that the log records in full. An argument such as `to_float` is
a function, of which the log has at most the name."""
REQUIRED: Final[Mapping[str, Collection[str]]] = MappingProxyType(
    {"grouped": ("metric", "group_key"), "aggregate": ("key", "agg")}
)
"""Arguments without which a metric does not exist."""

PACKAGE: Final = "inspect_ai/"
"""Prefix of the names of Inspect's own metrics where a log lists the metrics of a scorer."""
_REDUCER: Final = re.compile(r"mean|median|mode|max|majority|collect|(?P<name>pass_at|pass_k|at_least)_(?P<k>[1-9]\d*)")


class NotDerivable(ValueError):
    """A reported metric does not follow from the scores in the log; the text says why."""


def check_metric(name: str, arguments: Mapping[str, Any]) -> None:
    """Check that a metric is recomputed from scores.

    Raises:
        NotDerivable: The metric is random, needs more than scores, or is not Inspect's own.
    """
    if name in NOT_DERIVABLE:
        raise NotDerivable(NOT_DERIVABLE[name])
    if name not in ARGUMENTS:
        raise NotDerivable(f"not a metric of Inspect's own: {name}")
    stated = {key: value for key, value in arguments.items() if value is not None}
    unknown = sorted(key for key, value in stated.items() if not isinstance(value, ARGUMENTS[name].get(key, ())))
    if unknown or not stated.keys() >= set(REQUIRED.get(name, ())):
        raise NotDerivable(f"the log does not determine the arguments of {name}: {', '.join(unknown) or 'missing'}")
    if not 0 < stated.get("level", 0.5) < 1:
        raise NotDerivable(f"no confidence level: {stated['level']}")
    if arguments.get("method") == "bootstrap":
        raise NotDerivable(BOOTSTRAPPED)


def check_declaration(name: str, declared: Collection[str]) -> None:
    """Check that a metric is Inspect's own, by the names that the log declares for the score (`declared_names`).

    Raises:
        NotDerivable: The log declares a metric of this name that belongs to the task.
    """
    if name in declared and PACKAGE + name not in declared:
        raise NotDerivable(f"a metric of the task, not Inspect's own: {name}")


def parse_reducer(name: str) -> tuple[str, int | None]:
    """Return the name of an epoch reducer without its number, and the number: "pass_at_2" gives "pass_at" and 2.

    Raises:
        NotDerivable: The reducer is not Inspect's own.
    """
    match = _REDUCER.fullmatch(name)
    if match is None:
        raise NotDerivable(f"not a reducer of Inspect's own: {name}")
    return (match["name"], int(match["k"])) if match["name"] else (name, None)


def has_earlier_rules(spec: Mapping[str, Any]) -> bool:
    """Tell whether a log's `eval` names a version of Inspect before `RULES_SINCE`, or none."""
    packages = spec.get("packages")
    try:
        return Version(str(packages.get(PACKAGE.rstrip("/")) if isinstance(packages, dict) else None)) < RULES_SINCE
    except InvalidVersion:
        return True


def unfinished_reason(
    status: str, results: Mapping[str, Any], n_samples: int, n_without_error: int, n_scored: int
) -> str | None:
    """Return the reason why the samples in a log are not those that its results were computed from; null if they are.

    `completed_samples` counts the samples without an error, and in older versions the samples with a score.

    Args:
        status: Status of the log.
        results: The log's `results`.
        n_samples: Number of samples in the log, each epoch counted.
        n_without_error: Number of the samples that have no error.
        n_scored: Number of the samples that have scores.
    """
    if n_samples == 0:
        return NO_SAMPLES
    if status != "success":
        return UNFINISHED
    completed = results.get("completed_samples")
    if completed is None or completed in (n_without_error, n_scored):
        return None
    return f"Inspect completed {completed} samples, and {n_without_error} samples of the log are without an error"


def declared_names(declared: Any, key: str | None = None) -> tuple[str, ...]:  # noqa: ANN401 - any JSON value
    """Return the names of the metrics that a log declares for a score, in the order of the log.

    Args:
        declared: Metrics of the scorer: a list of metrics, or an object of such lists by glob of the keys, or a list
            of both.
        key: Key of the scorer's objects; null for the whole value.
    """
    if isinstance(declared, list):
        return tuple(name for item in declared for name in declared_names(item, key))
    if not isinstance(declared, dict):
        return ()
    if isinstance(declared.get("name"), str):
        return (declared["name"],)
    return declared_names([metrics for glob, metrics in declared.items() if key is not None and fnmatchcase(key, glob)])
