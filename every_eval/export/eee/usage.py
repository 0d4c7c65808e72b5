"""Tokens, time and turns of an answer, from the metrics in which the sources count them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_TOKENS: Final = (
    ("num_prompt_tokens", "num_completion_tokens", None),
    ("input_tokens", "output_tokens", "total_tokens"),
)
"""Metrics of HELM and of Inspect: tokens of the prompt, of the answer, and of both; HELM does not count the last."""

USAGE_METRICS: Final = (
    *(name for names in _TOKENS for name in names if name is not None),
    *("reasoning_tokens", "inference_runtime", "turn_count"),
)
"""Metrics that count tokens, time or turns."""


@dataclass(frozen=True)
class Usage:
    """What the answer of one instance used."""

    values: Mapping[str, float]
    """Values of all metrics of the instance, by name."""

    @property
    def tokens(self) -> dict[str, int] | None:
        """The object `token_usage`; null if the source counts no tokens."""
        for of_input, of_output, of_both in _TOKENS:
            n_input, n_output = self._count(of_input), self._count(of_output)
            if n_input is not None and n_output is not None:
                n_total = self._count(of_both) if of_both else n_input + n_output
                if n_total is not None:
                    found = {"input_tokens": n_input, "output_tokens": n_output, "total_tokens": n_total}
                    n_reasoning = self._count("reasoning_tokens")
                    return found if n_reasoning is None else found | {"reasoning_tokens": n_reasoning}
        return None

    @property
    def performance(self) -> dict[str, float] | None:
        """The object `performance`, in milliseconds; null if the source measures no time of the answer alone."""
        seconds = self.values.get("inference_runtime")
        return None if seconds is None or seconds < 0 else {"latency_ms": seconds * 1000}

    @property
    def n_turns(self) -> int | None:
        """Number of the model's turns; null if the source does not count them."""
        return self._count("turn_count")

    def _count(self, name: str | None) -> int | None:
        value = self.values.get(name or "")
        return int(value) if value is not None and value >= 0 and value == int(value) else None
