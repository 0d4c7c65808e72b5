"""Unexpected errors while a run is read or a shard is built: each becomes the named failure of that run or shard."""

import traceback

from every_eval.errors import TerminalError


class UnexpectedFailure(TerminalError):
    """An error that nobody foresaw; the message holds where it happened, its type, its message and its trace."""


def unexpected(subject: str, error: Exception) -> UnexpectedFailure:
    """Describe an error in text, which every process can pass on, whatever the error's type.

    `subject` names the run or shard.
    """
    trace = "".join(traceback.format_exception(error))
    return UnexpectedFailure(f"{subject}: {type(error).__name__}: {error}\n{trace}")
