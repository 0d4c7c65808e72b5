"""Read what a chunked sample keeps outside its shell.

Inspect can cut a large sample into a folder `samples/{id}_epoch_{epoch}/` (`log/_recorders/chunked/format.py`), whose
`sample.json` is the sample without its metadata, messages, events and attachments. The messages are elements of lists
in `messages/{start}.json`, and `message_refs` are their ranges. A long text is `attachment://{index}`, an element of
the lists in `attachments/{start}.json`.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from every_eval.contracts.rejects import Reason
from every_eval.sources.inspect.log_json import decoded
from every_eval.sources.inspect.records import Sample, SampleWithMessages
from every_eval.sources.inspect.zip_members import ZipMembers
from every_eval.sources.source import Reject

CHUNKED: Final = re.compile(r"(?P<prefix>samples/.+_epoch_\d+/)sample\.json")
_ATTACHMENT: Final = re.compile(r"attachment://(\d+)")


def resolve(sample: Sample, prefix: str, members: ZipMembers) -> Reject | None:
    """Put the metadata, the messages and the long texts of a chunked sample into the sample.

    Args:
        sample: What the member `sample.json` holds; it is changed.
        prefix: Folder of the sample in the log.
        members: Members of the log.

    Returns:
        The reason if the sample cannot be completed; null if it is complete.
    """
    folder = _Folder(prefix, members)
    try:
        if sample.metadata is None and f"{prefix}metadata.json" in members.infos:
            sample.metadata = folder.read("metadata.json", Any)
        if isinstance(sample, SampleWithMessages) and sample.message_refs is not None:
            messages = folder.elements("messages")
            sample.messages = [messages[at] for start, stop in sample.message_refs for at in range(start, stop)]
        for name in ("input", "target", "choices", "output", "messages"):
            value = getattr(sample, name, None)
            if value is not None and "attachment://" in repr(value):
                setattr(sample, name, _replaced(value, folder.attachments))
    except _Unreadable as error:
        return error.reject
    except (IndexError, TypeError, ValueError) as error:
        detail = f"a chunked sample whose references lead nowhere: {error}"
        return Reject(Reason.UNEXPECTED_SHAPE, detail, members.name, f"{prefix}sample.json")
    return None


class _Unreadable(Exception):
    """A member of the sample's folder cannot be read."""

    def __init__(self, reject: Reject) -> None:
        super().__init__(reject.detail)
        self.reject = reject


class _Folder:
    """The folder of a chunked sample."""

    def __init__(self, prefix: str, members: ZipMembers) -> None:
        self._prefix = prefix
        self._members = members
        self._attachments: list[Any] | None = None

    def read(self, name: str, kind: Any) -> Any:  # noqa: ANN401 - any JSON value
        member = self._prefix + name
        raw = self._members.read(member)
        found = raw if isinstance(raw, Reject) else decoded(raw, kind, self._members.name, member)
        if isinstance(found, Reject):
            raise _Unreadable(found)
        return found

    def elements(self, kind: str) -> list[Any]:
        """Return the elements of the lists of a kind, in the order of their first positions."""
        names = self._members.by_folder.get(f"{self._prefix}{kind}", ())
        starts = sorted(int(name[:-5]) for name in names if name[:-5].isdigit())
        lists = [self.read(f"{kind}/{start}.json", list[Any]) for start in starts]
        return [item for part in lists for item in part]

    def attachments(self, position: int) -> Any:  # noqa: ANN401 - any JSON value
        if self._attachments is None:
            self._attachments = self.elements("attachments")
        return self._attachments[position]


def _replaced(value: Any, attachment: Callable[[int], Any]) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        match = _ATTACHMENT.fullmatch(value)
        return attachment(int(match[1])) if match else value
    if isinstance(value, list):
        return [_replaced(item, attachment) for item in value]
    return {key: _replaced(item, attachment) for key, item in value.items()} if isinstance(value, dict) else value
