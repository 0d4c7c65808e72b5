"""What only a root on the Hugging Face Hub does: revisions, private repos, and the token that goes nowhere else."""

import pytest

from every_eval.errors import ConfigurationError, UpstreamUnavailable
from every_eval.network.retries import RetryPolicy
from every_eval.storage.hugging_face import HuggingFaceStorage
from every_eval.storage.root import storage_at
from every_eval_tests.hub.faults import Fault
from every_eval_tests.hub.hub_server import TOKEN
from every_eval_tests.storage.hub_repos import LARGE_BYTES, REPO, blobs, hub_of

ROOT = f"hf://datasets/{REPO}"
HASTY = RetryPolicy(sleep=lambda _: None)
LARGE = b"0123456789" * (LARGE_BYTES // 10)
TREE = {"main/a.json": b"[1]", "main/large.jsonl": LARGE}


def names(address: str, endpoint: str) -> list[str]:
    return [item.name for item in HuggingFaceStorage(address, None, endpoint, HASTY).list("")]


def test_a_root_may_name_a_folder_and_a_revision() -> None:
    with hub_of(TREE) as server:
        first = server.repos[REPO][-1].id
        server.commit(REPO, "second", {**blobs({"main/b.json": b"[2]"})})
        assert names(ROOT, server.url) == ["main/a.json", "main/b.json", "main/large.jsonl"]
        for address in (f"{ROOT}/main@{first}", f"{ROOT}@{first}/main", f"{ROOT}/main/@{first}"):
            assert names(address, server.url) == ["a.json", "large.jsonl"]


def test_a_commit_made_later_changes_nothing_that_is_being_read() -> None:
    with hub_of(TREE) as server:
        storage = HuggingFaceStorage(ROOT, None, server.url, HASTY)
        listed = {item.name: item for item in storage.list("")}
        server.commit(REPO, "second", {**blobs({"main/a.json": b"[9]"}), "main/large.jsonl": None})
        assert storage.read("main/a.json", listed["main/a.json"].witness) == b"[1]"
        assert storage.read("main/large.jsonl", listed["main/large.jsonl"].witness) == LARGE
        later = HuggingFaceStorage(ROOT, None, server.url, HASTY)
        for name in TREE:
            with pytest.raises(UpstreamUnavailable, match=f"{name} has changed or gone"):
                later.read(name, listed[name].witness)


def test_a_range_fetches_no_more_than_the_range() -> None:
    with hub_of(TREE) as server:
        storage = HuggingFaceStorage(ROOT, None, server.url, HASTY)
        assert storage.stat("main/large.jsonl") is not None
        before = server.sent
        assert storage.read_range("main/large.jsonl", 50_003, 50_008) == b"34567"
        assert server.sent - before == 5


def test_the_token_opens_a_private_repo_and_goes_to_no_other_host() -> None:
    with hub_of(TREE) as server:
        server.private.add(REPO)
        storage = storage_at(ROOT, None, TOKEN, server.url)
        assert {item.name: storage.read(item.name, item.witness) for item in storage.list("")} == TREE
        assert storage.read_range("main/large.jsonl", 0, 3) == b"012"
        assert server.count("GET /large/") == 2
        assert server.tokens_sent_elsewhere() == []
        assert TOKEN not in repr(storage)
        with pytest.raises(ConfigurationError, match="HF_TOKEN is not set"):
            names(ROOT, server.url)


def test_a_damaged_byte_is_fetched_again() -> None:
    with hub_of(TREE) as server:
        storage = HuggingFaceStorage(ROOT, None, server.url, HASTY)
        server.faults.append(Fault("GET /large/", ending="flipped"))
        assert storage.read("main/large.jsonl") == LARGE
        server.faults.append(Fault("GET .*resolve", ending="flipped", times=99))
        with pytest.raises(UpstreamUnavailable, match="do not have the digest"):
            storage.read("main/a.json")


def test_a_repo_or_a_revision_that_is_not_there_is_an_error_of_configuration() -> None:
    with hub_of(TREE) as server:
        with pytest.raises(ConfigurationError, match="no revision 'v9'"):
            names(f"{ROOT}@v9", server.url)
        with pytest.raises(ConfigurationError, match="Is there such a dataset repo"):
            names("hf://datasets/acme/nothing", server.url)


def test_a_hub_that_refuses_connections_is_named_with_its_setting() -> None:
    with pytest.raises(UpstreamUnavailable, match=r"127\.0\.0\.1:9 \(connection refused\)\. Check HF_ENDPOINT"):
        names(ROOT, "http://127.0.0.1:9")


@pytest.mark.parametrize(
    "address",
    ["hf://acme/results", "hf://models/a/b", "hf://datasets/a", "hf://datasets/a/b@", "hf://datasets/a/b@x@y"],
)
def test_an_address_that_names_no_dataset_repo_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError, match="hf://datasets/owner/name"):
        storage_at(address)
