"""The operations of a commit: the least that must be sent to make the changes, and the id of the commit."""

import hashlib
import json
from collections.abc import Mapping, Sequence

from huggingface_hub import CommitOperationAdd, CommitOperationDelete

from every_eval.hub.digests import Digests, digests
from every_eval.hub.hub import Add, Change, HubFile
from every_eval.hub.huggingface.early_uploads import Uploaded
from every_eval.hub.huggingface.hub_client import Operation


def changed_contents(
    files: Mapping[str, HubFile], changes: Sequence[Change], uploaded: Mapping[Add, Uploaded]
) -> dict[str, Digests]:
    """Return the added contents that differ from those of `files`, by path."""
    adds = [change for change in changes if isinstance(change, Add)]
    added = {add.path: uploaded[add].digests if add in uploaded else digests(add.content) for add in adds}
    return {path: new for path, new in added.items() if path not in files or not new.match(files[path])}


def commit_operations(
    changes: Sequence[Change], added: Mapping[str, Digests], deleted: set[str], uploaded: Mapping[Add, Uploaded]
) -> list[Operation]:
    """Return deletions first, then additions. An addition whose content is uploaded only names the content."""
    adds = {change.path: change for change in changes if isinstance(change, Add)}
    additions = [
        uploaded[add].operation if add in uploaded else CommitOperationAdd(add.path, add.content)
        for add in (adds[path] for path in sorted(added))
    ]
    return [*(CommitOperationDelete(path, is_folder=False) for path in sorted(deleted)), *additions]


def one_per_content(operations: Sequence[Operation], added: Mapping[str, Digests]) -> list[CommitOperationAdd]:
    """Return one addition of each content: the Hub's client would send a content once for each of its paths."""
    additions = [operation for operation in operations if isinstance(operation, CommitOperationAdd)]
    return list({added[addition.path_in_repo].sha256: addition for addition in reversed(additions)}.values())


def publish_id(parent: str, title: str, added: Mapping[str, Digests], deleted: set[str]) -> str:
    """Return the id of a commit, a digest of what the commit does: a rival's commit with the same id is the same."""
    what = [parent, title, {path: content.sha256 for path, content in added.items()}, sorted(deleted)]
    return f"publish-id: {hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()}"
