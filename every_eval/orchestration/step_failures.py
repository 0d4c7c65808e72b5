"""What a failed step tells people: what happened, and what to do about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import dagster as dg

from every_eval.errors import (
    BenchmarkMissing,
    ConfigurationError,
    ContractViolation,
    EveryEvalError,
    TransientError,
    UpstreamMalformed,
)

REMEDIES: Final = {
    TransientError: "Launch the job again later; what was published before stays, and nothing half is published.",
    ConfigurationError: "Correct the setting or the option, then launch the job again.",
    UpstreamMalformed: "Look at the file at the source; the next run reads the file again.",
    BenchmarkMissing: "Correct the benchmark's name, or the setting that says where the results are.",
    ContractViolation: "Report this as a bug of every_eval; what was published before is unchanged.",
}
"""What people should do about an error, by the error's class."""


def explain(error: Exception) -> str:
    """Say in words what happened, and what to do if that is known."""
    advice = next((text for kind, text in REMEDIES.items() if isinstance(error, kind)), "")
    return f"{type(error).__name__}: {str(error).rstrip('.')}. {advice}".rstrip()


@contextmanager
def explained() -> Iterator[None]:
    """Turn an error that every_eval raises on purpose into a failure of the step that says what to do.

    Raises:
        Failure: an error was raised in the body.
    """
    try:
        yield
    except EveryEvalError as error:
        raise dg.Failure(explain(error), allow_retries=False) from error
