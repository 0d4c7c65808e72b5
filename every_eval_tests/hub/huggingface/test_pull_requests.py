from pathlib import Path

import pytest

from every_eval.errors import ConfigurationError, HubUnavailable
from every_eval.hub.hub import Add
from every_eval.hub.huggingface.hugging_face_hub import HuggingFaceHub
from every_eval.hub.huggingface.pull_requests import propose
from every_eval_tests.hub.faults import Fault
from every_eval_tests.hub.hub_server import CLIENT_WARNING, TOKEN, HubServer
from every_eval_tests.hub.hubs import REPO, commit_on_head

pytestmark = pytest.mark.filterwarnings(CLIENT_WARNING)


@pytest.fixture
def files(hub: HuggingFaceHub, tmp_path: Path) -> dict[str, Path]:
    commit_on_head(hub, Add("data/known.json", b"known"), Add("data/old.json", b"old"))
    found = {}
    for name, content in (("known", b"known"), ("old", b"new"), ("other", b"other")):
        found[f"data/{name}.json"] = tmp_path / name
        (tmp_path / name).write_bytes(content)
    return found


def request(server: HubServer, files: dict[str, Path], token: str | None = TOKEN, repo: str = REPO) -> str | None:
    return propose(repo, files, "Add records", token=token, endpoint=server.url, sleep=lambda _: None)


def test_a_pull_request_holds_what_the_repo_lacks_and_the_repo_stays_as_it_is(
    hub_server: HubServer, files: dict[str, Path]
) -> None:
    before = hub_server.repos[REPO][-1]
    assert request(hub_server, files) == f"{hub_server.url}/datasets/{REPO}/discussions/1"
    assert hub_server.repos[REPO][-1] is before
    [(repo, proposed)] = hub_server.pull_requests
    assert (repo, proposed.title, proposed.parent) == (REPO, "Add records", before.id)
    changed = {path for path, blob in proposed.files.items() if before.files.get(path) != blob}
    assert changed == {"data/old.json", "data/other.json"}


def test_nothing_is_proposed_if_the_repo_has_all(hub_server: HubServer, files: dict[str, Path]) -> None:
    assert request(hub_server, {"data/known.json": files["data/known.json"]}) is None
    assert hub_server.pull_requests == []


def test_a_lost_answer_opens_no_second_pull_request(hub_server: HubServer, files: dict[str, Path]) -> None:
    hub_server.faults.append(Fault("POST .*/commit/", times=1, status=502, is_accepted=True))
    with pytest.raises(HubUnavailable, match="Cannot open a pull request in"):
        request(hub_server, files)
    assert len(hub_server.pull_requests) == 1


def test_a_pull_request_needs_a_token_and_a_repo(hub_server: HubServer, files: dict[str, Path]) -> None:
    with pytest.raises(ConfigurationError, match="set HF_TOKEN"):
        request(hub_server, files, token=None)
    with pytest.raises(ConfigurationError, match="has no dataset repo evaleval/nope"):
        request(hub_server, files, repo="evaleval/nope")
    with pytest.raises(ConfigurationError, match="does not name a repo"):
        request(hub_server, files, repo="nope")
