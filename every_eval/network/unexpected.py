"""Errors that nobody foresaw: tell them from errors of the machine, and describe them in text."""

import re
import traceback
from functools import cache
from importlib.metadata import version
from typing import Final

from every_eval.network.redaction import redact

MACHINE_ERRORS: Final = (OSError, MemoryError)
"""Errors of the machine, such as a full disk: they say nothing of what was read."""
MAX_SUMMARY: Final = 500
"""Largest number of characters of a summary."""

_PATH: Final = re.compile(r"(?<![\w/])/(?:[^\s'\"/]+/)+")


def describe(subject: str, error: Exception) -> str:
    """Return a line that says what failed and how, followed by the trace; `subject` names what failed."""
    trace = "".join(traceback.format_exception(error))
    return redact(f"{subject}: {type(error).__name__}: {error}\n{trace}")


def summary(error: Exception) -> str:
    """Return the error as one line that is the same on every machine: of paths, only the last part is left."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return redact(_PATH.sub("", text))[:MAX_SUMMARY]


def is_of_machine(error: Exception) -> bool:
    """Tell whether an error is the machine's. Arrow raises an OSError without a number for a file that is damaged."""
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno is not None)


@cache
def program_version() -> str:
    """Return the version of every_eval: another version may be able to do what this version could not."""
    return version("every_eval")
