"""Files on their way to the Hub before the commit that adds them."""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from huggingface_hub import CommitOperationAdd

from every_eval.errors import EveryEvalError
from every_eval.hub.digests import Digests, digests
from every_eval.hub.hub import Add, HubFile

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file that has arrived."""

    digests: Digests
    operation: CommitOperationAdd
    """Knows that its content is on the Hub, so that a commit does not send it again."""


@dataclass
class Uploads:
    """Sends files in one thread, in the order in which they come.

    The first that fails is the last: waiting as the Hub asks, and telling what has to be told, are the commit's.
    """

    send: Callable[[Sequence[CommitOperationAdd]], EveryEvalError | None]
    """Takes contents to the Hub and says what went wrong."""
    there: Mapping[str, HubFile]
    """Files that the Hub has, which are not sent again."""
    arrived: dict[Add, Uploaded] = field(default_factory=dict)
    _begun: list[Future[None]] = field(default_factory=list)
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "upload"))
    _has_failed: bool = False

    def begin(self, added: Sequence[Add]) -> None:
        """Send files once those before them are sent."""
        self._begun.append(self._thread.submit(self._send, added))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait until all are sent, or one has failed; where there will be no commit, for the one under way alone."""
        self._thread.shutdown(cancel_futures=kind is not None)
        for sent in self._begun if kind is None else ():
            sent.result()

    def _send(self, added: Sequence[Add]) -> None:
        if self._has_failed:
            return
        try:
            wanted = {add: Uploaded(digests(add.content), CommitOperationAdd(add.path, add.content)) for add in added}
            changed = {add: new for add, new in wanted.items() if not self._is_there(add.path, new.digests)}
            error: Exception | None = self.send([new.operation for new in changed.values()]) if changed else None
        except OSError as unreadable:
            error = unreadable
        if error is None:
            self.arrived |= changed
        else:
            self._has_failed = True
            _log.warning("%s; what is still to be uploaded is left to the commit", error)

    def _is_there(self, path: str, content: Digests) -> bool:
        return path in self.there and content.match(self.there[path])
