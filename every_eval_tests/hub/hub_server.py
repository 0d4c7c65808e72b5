"""A small Hub for the tests, in memory. It speaks the part of the Hub's protocol that its client and `datasets` use.

Large files have another host name than the API, as on the real Hub, which keeps them in a content delivery network.
`faults.py` plans what goes wrong.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from every_eval_tests.hub.commits import Blob, Commit
from every_eval_tests.hub.faults import Answer, Fault, FaultyHandler

TOKEN = "hf_ThisTokenMustNotBeSeenAnywhere"
CLIENT_WARNING = "ignore:Use 'content=:DeprecationWarning"
"""Filter for a warning that the Hub's client causes by the way in which it calls its HTTP library."""
MEMBER = {"type": "user", "name": "tester", "orgs": [{"name": "evaleval", "roleInOrg": "contributor"}]}
SPACE_TEMPLATE = ("README.md", "index.html", "style.css")
"""Files that the Hub puts into a new Space of static files."""
PAGE = 7
"""Number of entries in a page of a listing. The real Hub has 1,000."""


@dataclass
class HubServer:
    """The state of the server, and the requests that it has received."""

    url: str
    large_files_url: str
    clock: Callable[[], datetime]
    repos: dict[str, list[Commit]] = field(default_factory=dict)
    """Commits by repo, the oldest first."""
    large: dict[str, bytes] = field(default_factory=dict)
    """Uploaded contents by SHA-256."""
    pull_requests: list[tuple[str, Commit]] = field(default_factory=list)
    """The repo of each pull request, and its commit."""
    private: set[str] = field(default_factory=set)
    """Repos that nobody sees without a token."""
    faults: list[Fault] = field(default_factory=list)
    who: dict[str, Any] = field(default_factory=lambda: {**MEMBER, "auth": {"accessToken": {"role": "write"}}})
    """The owner of the token, and what the token allows."""
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    """`METHOD path`, host and authorization of each request."""
    received: int = 0
    """Size of the bodies of all requests, in bytes."""
    sent: int = 0
    """Size of the bodies of all answers, in bytes."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def answer(self, method: str, url: str, authorization: str | None, body: bytes) -> Answer:
        """Return the Hub's answer. Only this method changes the state, one request at a time."""
        parts = urlsplit(url)
        with self.lock:
            for pattern, respond in _ROUTES:
                if found := re.fullmatch(pattern, f"{method} {parts.path}"):
                    if authorization is None and any(f"/{repo}" in parts.path for repo in self.private):
                        return Answer.error(401, "RepoNotFound", "Repository not found")
                    is_write = method in ("POST", "PUT") and not re.search("/large/|/paths-info/", parts.path)
                    if is_write and authorization != f"Bearer {TOKEN}":
                        return Answer.error(401, None, "Invalid credentials in Authorization header")
                    return respond(self, _Request(parts.query, body, *map(unquote, found.groups())))
        return Answer.error(404, None, f"no such route: {method} {parts.path}")

    def commit(self, repo: str, title: str, changes: dict[str, Blob | None], message: str = "") -> Commit:
        """Add a commit to `repo`, as a rival does."""
        with self.lock:
            head = self.repos[repo][-1]
            files = {path: blob for path, blob in {**head.files, **changes}.items() if blob is not None}
            made = Commit(title, message, self.clock(), files, head.id)
            self.repos[repo].append(made)
            return made

    def tokens_sent_elsewhere(self) -> list[str]:
        """Return the requests that sent an authorization to another host than the API's."""
        host = urlsplit(self.url).netloc
        return [request for request, to, authorization in self.requests if authorization and to != host]

    def count(self, pattern: str) -> int:
        """Return how many requests match."""
        return sum(re.search(pattern, request) is not None for request, _, _ in self.requests)


class _Request:
    def __init__(self, query: str, body: bytes, repo: str = "", revision: str = "main", path: str = "") -> None:
        self.query, self.body, self.repo, self.revision, self.path = parse_qs(query), body, repo, revision, path


def _found(respond: Callable[[HubServer, _Request, Commit], Answer]) -> Callable[[HubServer, _Request], Answer]:
    """Let a route first look up the repo and the revision."""

    def look(hub: HubServer, request: _Request) -> Answer:
        if request.repo not in hub.repos:
            return Answer.error(404, "RepoNotFound", "Repository not found")
        commits = hub.repos[request.repo]
        named = [commit for commit in commits if commit.id == request.revision or request.revision == "main"]
        if not named:
            return Answer.error(404, "RevisionNotFound", "Invalid rev id")
        return respond(hub, request, named[-1])

    return look


def _create(hub: HubServer, request: _Request) -> Answer:
    asked = json.loads(request.body)
    is_space = asked.get("type") == "space"
    repo = f"{'spaces/' if is_space else ''}{asked['organization']}/{asked['name']}"
    if repo in hub.repos:
        return Answer.error(409, None, "You already created this dataset repo")
    attributes = Blob(b"*.parquet filter=lfs diff=lfs merge=lfs -text\n", is_large=False)
    template = {path: Blob(b"The Hub's example\n", is_large=False) for path in SPACE_TEMPLATE if is_space}
    hub.repos[repo] = [Commit("initial commit", "", hub.clock(), {".gitattributes": attributes, **template}, None)]
    url = f"{hub.url}/{repo}" if is_space else f"{hub.url}/datasets/{repo}"
    return Answer.of({"url": url, "name": repo, "id": repo})


@_found
def _info(_: HubServer, request: _Request, commit: Commit) -> Answer:
    info = {"id": request.repo, "sha": commit.id, "lastModified": _date(commit)}
    if "expand" in request.query:
        return Answer.of(info)
    siblings = [{"rfilename": path} for path in sorted(commit.files)]
    others = {"private": False, "disabled": False, "gated": False, "downloads": 0, "likes": 0, "tags": []}
    return Answer.of({**info, **others, "siblings": siblings})


def _entry(path: str, blob: Blob) -> dict[str, object]:
    entry: dict[str, object] = {"type": "file", "path": path, "size": len(blob.content), "oid": blob.blob_id}
    if blob.is_large:
        entry["lfs"] = {"oid": blob.sha256, "size": len(blob.content), "pointerSize": 134}
    return entry


@_found
def _tree(hub: HubServer, request: _Request, commit: Commit) -> Answer:
    folder = f"{request.path}/" if request.path else ""
    inside = {path: blob for path, blob in commit.files.items() if path.startswith(folder)}
    if folder and not inside:
        return Answer.error(404, "EntryNotFound", f"{request.path} does not exist on this revision")
    rests = {path: path[len(folder) :].split("/") for path in inside}
    recursive = request.query.get("recursive", ["False"])[0].lower() == "true"
    depths = {path: range(1, len(rest)) if recursive else range(1, min(2, len(rest))) for path, rest in rests.items()}
    folders = {folder + "/".join(rests[path][:depth]) for path in inside for depth in depths[path]}
    entries: list[dict[str, object]] = [
        {"type": "directory", "path": name, "oid": "0" * 40, "size": 0} for name in folders
    ]
    entries += [_entry(path, blob) for path, blob in inside.items() if recursive or len(rests[path]) == 1]
    return _page(hub, request, sorted(entries, key=lambda entry: str(entry["path"])), "tree", commit)


@_found
def _commits(hub: HubServer, request: _Request, commit: Commit) -> Answer:
    known = hub.repos[request.repo]
    entries: list[dict[str, object]] = [
        {"id": each.id, "title": each.title, "message": each.message, "authors": [], "date": _date(each)}
        for each in reversed(known[: known.index(commit) + 1])
    ]
    return _page(hub, request, entries, "commits", commit)


def _page(hub: HubServer, request: _Request, entries: list[dict[str, object]], kind: str, commit: Commit) -> Answer:
    start = int(request.query.get("cursor", ["0"])[0])
    answer = Answer.of(entries[start : start + PAGE])
    if start + PAGE < len(entries):
        recursive = request.query.get("recursive", ["False"])[0]
        folder = "" if request.repo.startswith("spaces/") else "datasets/"
        where = f"{hub.url}/api/{folder}{request.repo}/{kind}/{commit.id}" + (
            f"/{quote(request.path)}" if request.path else ""
        )
        answer.headers["Link"] = f'<{where}?recursive={recursive}&cursor={start + PAGE}>; rel="next"'
    return answer


@_found
def _paths_info(_: HubServer, request: _Request, commit: Commit) -> Answer:
    asked = parse_qs(request.body.decode()).get("paths", [])
    return Answer.of([_entry(path, commit.files[path]) for path in asked if path in commit.files])


@_found
def _preupload(_: HubServer, request: _Request, commit: Commit) -> Answer:
    ignored = commit.files.get(".gitignore", Blob(b"", is_large=False)).content.decode().split()
    files = []
    for file in json.loads(request.body)["files"]:
        path = file["path"]
        mode = "lfs" if path.endswith(".parquet") or file["size"] > 10_000_000 else "regular"
        oid = commit.files[path].etag if path in commit.files else None
        files.append({"path": path, "uploadMode": mode, "shouldIgnore": path in ignored, "oid": oid})
    return Answer.of({"files": files})


def _batch(hub: HubServer, request: _Request) -> Answer:
    objects = []
    for wanted in json.loads(request.body)["objects"]:
        upload = {"href": f"{hub.large_files_url}/large/{wanted['oid']}", "header": {}}
        verify = {"href": f"{hub.url}/verify", "header": {}}
        actions = {} if wanted["oid"] in hub.large else {"actions": {"upload": upload, "verify": verify}}
        objects.append({"oid": wanted["oid"], "size": wanted["size"], **actions})
    return Answer.of({"transfer": "basic", "objects": objects})


def _upload(hub: HubServer, request: _Request) -> Answer:
    oid = request.repo
    if hashlib.sha256(request.body).hexdigest() != oid:
        return Answer.error(400, None, "the content does not match its address")
    hub.large[oid] = request.body
    return Answer(200, {"ETag": f'"{oid}"'}, b"")


def _verify(hub: HubServer, request: _Request) -> Answer:
    asked = json.loads(request.body)
    is_there = len(hub.large.get(asked["oid"], b"")) == asked["size"]
    return Answer.of({}) if is_there else Answer.error(404, None, "not uploaded")


@_found
def _commit(hub: HubServer, request: _Request, head: Commit) -> Answer:
    header, *operations = map(json.loads, request.body.splitlines())
    if header["value"].get("parentCommit", head.id) != head.id:
        return Answer.error(412, None, "A commit has happened since. Please refresh and try again.")
    changes: dict[str, Blob | None] = {}
    for operation in operations:
        value = operation["value"]
        if operation["key"] == "deletedFile":
            if value["path"] not in head.files:
                return Answer.error(404, "EntryNotFound", "A file with this name doesn't exist")
            changes[value["path"]] = None
        elif operation["key"] == "lfsFile":
            if value["oid"] not in hub.large:
                return Answer.error(400, None, "the object has not been uploaded")
            changes[value["path"]] = Blob(hub.large[value["oid"]], is_large=True)
        else:
            changes[value["path"]] = Blob(base64.b64decode(value["content"]), is_large=False)
    if "create_pr" in request.query:
        return _open_pull_request(hub, request.repo, head, header["value"], changes)
    made = hub.commit(request.repo, header["value"]["summary"], changes, header["value"]["description"])
    return Answer.of({"commitUrl": f"{hub.url}/datasets/{request.repo}/commit/{made.id}", "commitOid": made.id})


def _open_pull_request(
    hub: HubServer, repo: str, head: Commit, header: dict[str, str], changes: dict[str, Blob | None]
) -> Answer:
    files = {path: blob for path, blob in {**head.files, **changes}.items() if blob is not None}
    made = Commit(header["summary"], header["description"], hub.clock(), files, head.id)
    hub.pull_requests.append((repo, made))
    number = sum(proposed == repo for proposed, _ in hub.pull_requests)
    url = f"{hub.url}/datasets/{repo}"
    urls = {"commitUrl": f"{url}/commit/{made.id}", "pullRequestUrl": f"{url}/discussions/{number}"}
    return Answer.of({"commitOid": made.id, **urls})


@_found
def _resolve(hub: HubServer, request: _Request, commit: Commit) -> Answer:
    if request.path not in commit.files:
        return Answer.error(404, "EntryNotFound", "Entry not found", {"X-Repo-Commit": commit.id})
    blob = commit.files[request.path]
    headers = {"X-Repo-Commit": commit.id, "ETag": f'"{blob.etag}"', "Accept-Ranges": "bytes"}
    if not blob.is_large:
        return Answer(200, headers, blob.content)
    hub.large[blob.sha256] = blob.content
    linked = {"X-Linked-Etag": f'"{blob.sha256}"', "X-Linked-Size": str(len(blob.content))}
    return Answer(302, {**headers, **linked, "Location": f"{hub.large_files_url}/large/{blob.sha256}"}, b"")


def _large(hub: HubServer, request: _Request) -> Answer:
    return Answer(200, {"ETag": f'"{request.repo}"', "Accept-Ranges": "bytes"}, hub.large[request.repo])


def _whoami(hub: HubServer, _: _Request) -> Answer:
    return Answer.of(hub.who)


def _date(commit: Commit) -> str:
    return commit.date.strftime("%Y-%m-%dT%H:%M:%S.000Z")


_REPO = "/api/(?:datasets/|(?=spaces/))((?:spaces/)?[^/]+/[^/]+)"
"""A repo in an address: `owner/name` of a dataset, or `spaces/owner/name`."""
_ROUTES: list[tuple[str, Callable[[HubServer, _Request], Answer]]] = [
    ("GET /api/whoami-v2", _whoami),
    ("POST /api/validate-yaml", lambda _, __: Answer.of({"errors": [], "warnings": []})),
    ("POST /api/repos/create", _create),
    (f"GET {_REPO}", _info),
    (f"GET {_REPO}/revision/([^/]+)", _info),
    (f"GET {_REPO}/tree/([^/]+)", _tree),
    (f"GET {_REPO}/tree/([^/]+)/(.+)", _tree),
    (f"GET {_REPO}/commits/([^/]+)", _commits),
    (f"POST {_REPO}/paths-info/([^/]+)", _paths_info),
    (f"POST {_REPO}/preupload/([^/]+)", _preupload),
    (f"POST {_REPO}/commit/([^/]+)", _commit),
    ("POST /(?:datasets|spaces)/[^/]+/[^/]+[.]git/info/lfs/objects/batch", _batch),
    ("POST /verify", _verify),
    ("PUT /large/([0-9a-f]{64})", _upload),
    ("(?:GET|HEAD) /large/([0-9a-f]{64})", _large),
    ("(?:GET|HEAD) /(?:datasets/|(?=spaces/))((?:spaces/)?[^/]+/[^/]+)/resolve/([^/]+)/(.+)", _resolve),
]


@contextmanager
def serving(clock: Callable[[], datetime]) -> Iterator[HubServer]:
    """Serve an empty Hub on the loopback interface during the context; `clock` returns the time of a commit."""
    with ThreadingHTTPServer(("127.0.0.1", 0), FaultyHandler) as server:
        port = server.server_address[1]
        hub = HubServer(f"http://127.0.0.1:{port}", f"http://localhost:{port}", clock)
        FaultyHandler.hubs[port] = hub
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()
