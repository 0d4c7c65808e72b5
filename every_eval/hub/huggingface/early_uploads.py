"""Uploads of files before the commit that adds the files, while the rest of the commit is being prepared."""

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
    """An uploaded file."""

    digests: Digests
    operation: CommitOperationAdd
    """The commit's operation for the file. It remembers the upload, so that the commit does not send the content."""


@dataclass
class EarlyUploads:
    """Uploads files in one thread, in the order in which they come.

    After the first failure nothing more is uploaded: the commit uploads what is missing, and retries.
    """

    send: Callable[[Sequence[CommitOperationAdd]], EveryEvalError | None]
    """Uploads contents, and returns what went wrong."""
    published: Mapping[str, HubFile]
    """Files of the head by path, which are not uploaded again."""
    arrived: dict[Add, Uploaded] = field(default_factory=dict)
    """Files that the Hub has received."""
    _begun: list[Future[None]] = field(default_factory=list)
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "upload"))
    _has_failed: bool = False

    def begin(self, added: Sequence[Add]) -> None:
        """Upload files as soon as the files before them are uploaded."""
        self._begun.append(self._thread.submit(self._send, added))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for all uploads; if an error ends the context, there will be no commit, so wait for the current one."""
        self._thread.shutdown(cancel_futures=kind is not None)
        for sent in self._begun if kind is None else ():
            sent.result()

    def _send(self, added: Sequence[Add]) -> None:
        if self._has_failed:
            return
        try:
            wanted = {add: Uploaded(digests(add.content), CommitOperationAdd(add.path, add.content)) for add in added}
            changed = {add: new for add, new in wanted.items() if not self._is_published(add.path, new.digests)}
            error: Exception | None = self.send([new.operation for new in changed.values()]) if changed else None
        except OSError as unreadable:
            error = unreadable
        if error is None:
            self.arrived |= changed
        else:
            self._has_failed = True
            _log.warning("%s The remaining files are uploaded with the commit.", error)

    def _is_published(self, path: str, content: Digests) -> bool:
        return path in self.published and content.match(self.published[path])
