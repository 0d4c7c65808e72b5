"""Unexpected errors while a run is read or a shard is built: each becomes the named failure of that run or shard."""

from every_eval.errors import TerminalError
from every_eval.network.unexpected import describe


class UnexpectedFailure(TerminalError):
    """An error that nobody foresaw; the message holds where it happened, its type, its message and its trace."""


class RunFailed(UnexpectedFailure):
    """A run that every_eval cannot read, by a fault of its own."""

    def __init__(self, message: str, run: tuple[str, str]) -> None:
        """`run` is the suite and the name of the run."""
        super().__init__(message, run)
        self.run = run

    def __str__(self) -> str:
        message: str = self.args[0]
        return message


def unexpected(subject: str, error: Exception) -> UnexpectedFailure:
    """Describe an error in text, which every process can pass on, whatever the error's type.

    `subject` names the run or shard.
    """
    return UnexpectedFailure(describe(subject, error))
