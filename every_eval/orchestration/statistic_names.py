"""Names of statistics in messages."""

from collections.abc import Mapping
from typing import Any


def statistic_name(key: Mapping[str, Any]) -> str:
    """Return the name of a statistic with the columns of `STATISTIC_KEY`, for example `exact_match on test`."""
    part = " ".join(filter(None, (key["split"], key["sub_split"])))
    name = f"{key['metric_name']} on {part}" if part else str(key["metric_name"])
    name += f" under {key['perturbation']}" if key["perturbation"] else ""
    return name + (f" computed on {key['computed_on']}" if key["computed_on"] else "")
