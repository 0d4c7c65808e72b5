"""The Hubs on which the contract tests run. An address opens a Hub, so that other processes can open it too."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Add, Change, Hub, Snapshot, publish
from every_eval.hub.huggingface.hugging_face_hub import HuggingFaceHub
from every_eval_tests.hub.hub_server import TOKEN

REPO = "evaleval/every_eval_ever"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def open_hub(address: str) -> Hub:
    """Return a new client of the Hub at `address`: `folder:PATH`, or `huggingface:CACHE:URL`."""
    kind, place, *endpoint = address.split(":", 2)
    if kind == "folder":
        return FolderHub(Path(place), lambda: NOON)
    return HuggingFaceHub(TOKEN, endpoint[0], Path(place), sleep=lambda _: None)


def contents(snapshot: Snapshot) -> dict[str, bytes]:
    """Return the content of every file of `snapshot`."""
    return {path: snapshot.fetch(path).read_bytes() for path in snapshot.files}


def commit_on_head(hub: Hub, *changes: Change, title: str = "A commit") -> Snapshot:
    """Commit `changes` on the head."""
    return hub.commit(REPO, changes, title=title, parent=hub.snapshot(REPO).commit)


def publish_one_by_one(address: str, names: Sequence[str]) -> None:
    """Publish a file for each of `names`, and add each name to a list that all writers share."""
    hub = open_hub(address)
    for name in names:

        def plan(head: Snapshot, name: str = name) -> Sequence[Change]:
            listed = head.fetch("names").read_bytes() if "names" in head.files else b""
            return [Add(f"data/{name}", name.encode()), Add("names", listed + f"{name}\n".encode())]

        publish(hub, REPO, f"Add {name}", plan, attempts=200)
