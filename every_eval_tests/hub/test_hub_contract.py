"""Every Hub keeps the promises of the interface; each test runs on each Hub."""

import io
import multiprocessing
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from every_eval.errors import ConfigurationError, ContractViolation, PublishConflict
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Add, Delete, Hub, publish
from every_eval_tests.hub.hub_server import CLIENT_WARNING, HubServer
from every_eval_tests.hub.hubs import NOON, REPO, commit_on_head, contents, open_hub, publish_one_by_one

pytestmark = pytest.mark.filterwarnings(CLIENT_WARNING)


@pytest.fixture(params=["folder", "huggingface"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":
        return f"folder:{tmp_path / 'hub'}"
    server: HubServer = request.getfixturevalue("hub_server")
    return f"huggingface:{tmp_path / 'cache'}:{server.url}"


@pytest.fixture
def hub(address: str) -> Hub:
    return open_hub(address)


@pytest.fixture
def elsewhere(address: str) -> Hub:
    """The same Hub, opened on a machine with an empty cache."""
    return open_hub(address.replace("/cache:", "/another cache:"))


def test_a_repo_that_does_not_exist_is_empty(hub: Hub) -> None:
    snapshot = hub.snapshot(REPO)
    assert (snapshot.commit, snapshot.committed_at, dict(snapshot.files)) == (None, None, {})
    with pytest.raises(FileNotFoundError):
        snapshot.fetch("README.md")


def test_the_first_commit_makes_the_repo_and_others_see_it(hub: Hub, address: str, tmp_path: Path) -> None:
    local = tmp_path / "local.parquet"
    local.write_bytes(b"PAR1" * 1000)
    made = hub.commit(REPO, [Add("b/c d.parquet", local), Add("a.md", b"card")], title="First", parent=None)
    seen = open_hub(address).snapshot(REPO)
    assert made.commit is not None
    assert made.commit == seen.commit
    assert made.committed_at == seen.committed_at
    assert seen.committed_at is not None
    assert seen.committed_at.utcoffset() == NOON.utcoffset()
    assert contents(seen) == contents(made) == {"a.md": b"card", "b/c d.parquet": b"PAR1" * 1000}
    assert [(file.path, file.size) for file in seen.files.values()] == [("a.md", 4), ("b/c d.parquet", 4000)]


def test_files_are_listed_in_order_and_equal_bytes_have_equal_digests(hub: Hub) -> None:
    files = commit_on_head(hub, Add("z", b"1"), Add("a/b", b"1"), Add("a-b", b"2")).files
    assert list(files) == ["a-b", "a/b", "z"]
    assert files["z"].digest == files["a/b"].digest != files["a-b"].digest


def test_a_pinned_snapshot_reads_its_own_commit_after_replaces_and_deletes(hub: Hub) -> None:
    pinned = commit_on_head(hub, Add("keep", b"1"), Add("replaced", b"2"), Add("deleted", b"3"))
    newer = commit_on_head(hub, Add("replaced", b"two"), Delete("deleted"), Add("new/deep/er", b"4"))
    assert contents(pinned) == {"keep": b"1", "replaced": b"2", "deleted": b"3"}
    assert contents(newer) == {"keep": b"1", "replaced": b"two", "new/deep/er": b"4"}
    assert contents(hub.snapshot(REPO)) == contents(newer)


def parquet(n_rows: int) -> tuple[pa.Table, bytes]:
    """Return a table of numbers and of long texts that cannot be compressed, and its file with four row groups."""
    dice = random.Random(n_rows)
    texts = pa.array([dice.randbytes(1000) for _ in range(n_rows)])
    table = pa.table({"number": pa.array(range(n_rows)), "text": texts, "half": pa.array([0.5] * n_rows)})
    file = io.BytesIO()
    pq.write_table(table, file, row_group_size=n_rows // 4, write_page_checksum=True)
    return table, file.getvalue()


@pytest.mark.parametrize("columns", [["number"], ["half", "number"]])
def test_columns_of_a_file_are_read_at_a_pinned_commit_and_nothing_else_of_it(
    hub: Hub, elsewhere: Hub, hub_server: HubServer, columns: list[str]
) -> None:
    table, content = parquet(4000)
    commit_on_head(hub, Add("large.parquet", content))
    pinned = elsewhere.snapshot(REPO)
    commit_on_head(hub, Add("large.parquet", b"another"))
    before = hub_server.sent
    with pinned.open("large.parquet") as file:
        assert pq.read_table(file, columns=columns, page_checksum_verification=True) == table.select(columns)
    assert hub_server.sent - before < len(content) / 20
    assert hub_server.count("/resolve/") > 0 or isinstance(hub, FolderHub)


def test_a_file_that_is_open_is_read_like_any_other(hub: Hub, elsewhere: Hub) -> None:
    content = random.Random(1).randbytes(1_500_000)
    commit_on_head(hub, Add("large.parquet", content), Add("small", content[:10]), Add("empty", b""))
    commit = elsewhere.snapshot(REPO)
    for path, expected in (("large.parquet", content), ("small", content[:10]), ("empty", b"")):
        with commit.open(path) as file:
            assert file.seek(0, io.SEEK_END) == len(expected) == file.tell()
            assert file.read(5) == b""
            assert file.seek(2) == 2
            assert file.read(3) == expected[2:5]
            assert file.read() == expected[5:]
            with pytest.raises((ValueError, OSError)):
                file.seek(-1)


def test_no_file_is_opened_that_the_commit_has_not(hub: Hub) -> None:
    with pytest.raises(FileNotFoundError):
        commit_on_head(hub, Add("a", b"1")).open("b")


def test_what_is_uploaded_is_seen_by_nobody_before_it_is_committed_and_by_all_then(hub: Hub, address: str) -> None:
    head = commit_on_head(hub, Add("a.parquet", b"PAR1 1"))
    adds = [Add("a.parquet", b"PAR1 2"), Add("b.parquet", b"PAR1 3"), Add("c.parquet", b"PAR1 never committed")]
    with hub.uploading(REPO, head) as upload:
        upload(adds[:1])
        upload(adds[1:])
    assert open_hub(address).snapshot(REPO).files == head.files
    made = hub.commit(REPO, [*adds[:2], Add("d", b"4")], title="Those", parent=head.commit)
    assert contents(made) == {"a.parquet": b"PAR1 2", "b.parquet": b"PAR1 3", "d": b"4"}
    assert contents(open_hub(address).snapshot(REPO)) == contents(made)


def test_a_repo_that_does_not_exist_takes_no_uploads_and_then_the_commit(hub: Hub) -> None:
    with hub.uploading(REPO, hub.snapshot(REPO)) as upload:
        upload([Add("a.parquet", b"PAR1")])
    assert hub.snapshot(REPO).commit is None
    assert contents(commit_on_head(hub, Add("a.parquet", b"PAR1"))) == {"a.parquet": b"PAR1"}


def test_a_rival_that_commits_between_upload_and_commit_loses_nothing_and_hides_nothing(hub: Hub, address: str) -> None:
    """The rival commits and deletes what is uploaded, so that the upload seems to be there still."""
    head = commit_on_head(hub, Add("a.parquet", b"PAR1 1"))
    add = Add("a.parquet", b"PAR1 2")
    rival = open_hub(address)
    with hub.uploading(REPO, head) as upload:
        commit_on_head(rival, add)
        upload([add])
    commit_on_head(rival, Add("a.parquet", b"PAR1 3"), Add("rival", b"r"))
    assert contents(publish(hub, REPO, "Ours", lambda _: [add])) == {"a.parquet": b"PAR1 2", "rival": b"r"}


def test_a_stale_parent_conflicts_and_changes_nothing(hub: Hub) -> None:
    first = commit_on_head(hub, Add("a", b"1"))
    second = hub.commit(REPO, [Add("a", b"2")], title="Second", parent=first.commit)
    for parent in (first.commit, None):
        with pytest.raises(PublishConflict):
            hub.commit(REPO, [Add("a", b"3"), Delete("b")], title="Rival", parent=parent)
    assert hub.snapshot(REPO).commit == second.commit
    assert contents(hub.snapshot(REPO)) == {"a": b"2"}


def test_a_parent_for_a_repo_without_commits_conflicts(hub: Hub) -> None:
    other = hub.commit("evaleval/other", [Add("a", b"1")], title="Other", parent=None)
    with pytest.raises(PublishConflict):
        hub.commit(REPO, [Add("a", b"1")], title="First", parent=other.commit)
    assert hub.snapshot(REPO).commit is None


def test_a_commit_that_changes_nothing_is_not_made(hub: Hub) -> None:
    head = commit_on_head(hub, Add("a", b"1"), Add("b", b"2"))
    again = commit_on_head(hub, Add("a", b"1"), Delete("never there"), title="Again")
    none = commit_on_head(hub, title="No changes")
    assert again.commit == none.commit == hub.snapshot(REPO).commit == head.commit


def test_a_stale_parent_conflicts_even_where_nothing_would_change(hub: Hub) -> None:
    first = commit_on_head(hub, Add("count", b"1"))
    commit_on_head(hub, Add("count", b"2"))
    with pytest.raises(PublishConflict):
        hub.commit(REPO, [Add("count", b"2")], title="A second count", parent=first.commit)


def test_deleting_from_a_repo_that_does_not_exist_makes_no_commit(hub: Hub) -> None:
    assert commit_on_head(hub, Delete("a")).commit is None
    assert hub.snapshot(REPO).commit is None


def test_a_file_may_become_a_folder_and_a_folder_a_file_in_one_commit(hub: Hub) -> None:
    commit_on_head(hub, Add("a", b"1"), Add("b/c/d", b"2"))
    commit_on_head(hub, Delete("a"), Add("a/x", b"3"), Delete("b/c/d"), Add("b", b"4"))
    assert contents(hub.snapshot(REPO)) == {"a/x": b"3", "b": b"4"}


def test_a_path_that_is_a_file_and_a_folder_is_refused(hub: Hub) -> None:
    head = commit_on_head(hub, Add("a", b"1"))
    with pytest.raises(ContractViolation, match="both a file and a folder: a"):
        commit_on_head(hub, Add("a/b", b"2"))
    assert hub.snapshot(REPO).commit == head.commit


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", "./a", "a\\b", "a\0b", "a\nb", "x" * 256, "\ud800"],
)
def test_a_path_that_could_leave_the_repo_is_refused(hub: Hub, tmp_path: Path, path: str) -> None:
    for change in (Add(path, b"1"), Delete(path)):
        with pytest.raises(ContractViolation, match="is not a path of a file in a repo"):
            hub.commit(REPO, [change], title="Bad", parent=None)
    assert hub.snapshot(REPO).commit is None
    assert not [file for file in tmp_path.rglob("*") if file.name in ("passwd", "x")]


@pytest.mark.parametrize("path", [".every_eval/head", ".gitattributes", "data/.hidden/file"])
def test_names_that_begin_with_a_dot_are_out_of_reach(hub: Hub, path: str) -> None:
    with pytest.raises(ContractViolation, match="reserved"):
        commit_on_head(hub, Add(path, b"1"))


def test_a_path_changed_twice_in_one_commit_is_refused(hub: Hub) -> None:
    with pytest.raises(ContractViolation, match="more than once: a"):
        commit_on_head(hub, Delete("a"), Add("a", b"1"))


@pytest.mark.parametrize(
    "repo", ["", "name", "a/b/c", "../b", "a/..", "/a/b", "a\\b/c", "a b/c", ".every_eval/x", "a/b\n"]
)
def test_a_repo_that_is_not_owner_and_name_is_refused(hub: Hub, repo: str) -> None:
    for call in (hub.snapshot, hub.location, lambda name: hub.commit(name, [], title="Bad", parent=None)):
        with pytest.raises(ConfigurationError, match="does not name a repo"):
            call(repo)


def test_repos_do_not_share_files(hub: Hub) -> None:
    commit_on_head(hub, Add("a", b"1"))
    assert dict(hub.snapshot("evaleval/every_eval_score_ever").files) == {}


def test_publish_plans_again_when_a_rival_was_faster(hub: Hub, address: str) -> None:
    commit_on_head(hub, Add("count", b"1"))
    rivals = [open_hub(address) for _ in range(3)]

    def add_one(head: object) -> list[Add]:
        seen = hub.snapshot(REPO)
        assert seen == head
        if rivals:
            commit_on_head(rivals.pop(), Add("count", b"%d" % (int(seen.fetch("count").read_bytes()) + 1)))
        return [Add("count", b"%d" % (int(seen.fetch("count").read_bytes()) + 1))]

    assert contents(publish(hub, REPO, "Count", add_one)) == {"count": b"5"}


def test_publish_gives_up_on_rivals_that_are_always_faster(hub: Hub, address: str) -> None:
    def lose(_: object) -> list[Add]:
        rival = open_hub(address)
        commit_on_head(rival, Add("rival", b"%d" % len(lost)))
        lost.append(1)
        return [Add("mine", b"1")]

    lost: list[int] = []
    with pytest.raises(PublishConflict):
        publish(hub, REPO, "Never", lose, attempts=3)
    assert len(lost) == 3
    assert contents(hub.snapshot(REPO)) == {"rival": b"2"}


def test_rival_processes_and_threads_lose_nothing(hub: Hub, address: str) -> None:
    names = [[f"{writer}-{number}" for number in range(6)] for writer in range(4)]
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=publish_one_by_one, args=(address, mine)) for mine in names[:2]]
    for process in processes:
        process.start()
    with ThreadPoolExecutor() as pool:
        list(pool.map(publish_one_by_one, [address, address], names[2:]))
    for process in processes:
        process.join()
    everything = [name for mine in names for name in mine]
    head = hub.snapshot(REPO)
    assert [process.exitcode for process in processes] == [0, 0]
    assert sorted(head.fetch("names").read_text().split()) == sorted(everything)
    assert set(head.files) == {"names", *(f"data/{name}" for name in everything)}
    assert all(head.fetch(f"data/{name}").read_text() == name for name in everything)


def test_a_space_and_a_dataset_of_one_name_are_two_repos(hub: Hub, elsewhere: Hub) -> None:
    space = f"spaces/{REPO}"
    made = hub.commit(space, [Add("index.html", b"<p>"), Add("a/b.js", b"1")], title="Page", parent=None)
    assert contents(made) == contents(elsewhere.snapshot(space)) == {"index.html": b"<p>", "a/b.js": b"1"}
    assert hub.snapshot(REPO).commit is None
    assert hub.commit(space, [Add("a/b.js", b"1")], title="Again", parent=made.commit).commit == made.commit
    changed = hub.commit(space, [Delete("a/b.js")], title="Less", parent=made.commit)
    assert contents(changed) == {"index.html": b"<p>"}


def test_a_page_finds_the_files_of_a_dataset(hub: Hub, address: str) -> None:
    head = commit_on_head(hub, Add("a.txt", b"text"))
    found = hub.read_address(REPO, head.commit, f"spaces/{REPO}")
    if address.startswith("folder:"):
        assert (found, hub.connect_sources()) == (f"../../../{REPO}/", ())
    else:
        url = address.split(":", 2)[2]
        assert found == f"{url}/datasets/{REPO}/resolve/{head.commit}/"
        assert url in hub.connect_sources()
