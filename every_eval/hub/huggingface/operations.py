"""What a commit does to a repo: the least that has to be sent of its changes, and what identifies it."""

import hashlib
import json
from collections.abc import Mapping, Sequence

from huggingface_hub import CommitOperationAdd, CommitOperationDelete

from every_eval.hub.digests import Digests, digests
from every_eval.hub.hub import Add, Change, HubFile
from every_eval.hub.huggingface.hub_client import Operation
from every_eval.hub.huggingface.uploads import Uploaded


def effective(
    files: Mapping[str, HubFile], changes: Sequence[Change], uploaded: Mapping[Add, Uploaded]
) -> dict[str, Digests]:
    """The added contents that differ from what is there, by path."""
    adds = [change for change in changes if isinstance(change, Add)]
    added = {add.path: uploaded[add].digests if add in uploaded else digests(add.content) for add in adds}
    return {path: new for path, new in added.items() if path not in files or not new.match(files[path])}


def operations(
    changes: Sequence[Change], added: Mapping[str, Digests], deleted: set[str], uploaded: Mapping[Add, Uploaded]
) -> list[Operation]:
    """Deletions first, then additions; what has been uploaded is only named."""
    adds = {change.path: change for change in changes if isinstance(change, Add)}
    additions = [
        uploaded[add].operation if add in uploaded else CommitOperationAdd(add.path, add.content)
        for add in (adds[path] for path in sorted(added))
    ]
    return [*(CommitOperationDelete(path, is_folder=False) for path in sorted(deleted)), *additions]


def one_of_equals(wanted: Sequence[Operation], added: Mapping[str, Digests]) -> list[CommitOperationAdd]:
    """An addition of each content that is added at more than one path."""
    by_content: dict[str, list[CommitOperationAdd]] = {}
    for operation in wanted:
        if isinstance(operation, CommitOperationAdd):
            by_content.setdefault(added[operation.path_in_repo].sha256, []).append(operation)
    return [equals[0] for equals in by_content.values() if len(equals) > 1]


def publish_id(parent: str | None, title: str, added: Mapping[str, Digests], deleted: set[str]) -> str:
    """Identifies a commit by what it does: a rival's with the same id is the same commit."""
    what = [parent, title, {path: content.sha256 for path, content in added.items()}, sorted(deleted)]
    return f"publish-id: {hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()}"
