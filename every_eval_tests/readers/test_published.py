"""What readers see: one commit of each repo, in a folder and on the Hub."""

from pathlib import Path

import duckdb
import pytest

import every_eval
from every_eval.errors import ConfigurationError, HubUnavailable, TerminalError
from every_eval_tests.hub.faults import Fault
from every_eval_tests.hub.hub_server import TOKEN, HubServer
from every_eval_tests.orchestration.deployment import DATA
from every_eval_tests.readers.conftest import Publisher


def models(place: str, revision: str | None = None) -> list[str]:
    found: list[str] = every_eval.table("leaderboard", hub=place, revision=revision)["model_name"].to_pylist()
    return found


def files(place: str, revision: str | None = None) -> list[str]:
    found: list[str] = every_eval.table("rejects", hub=place, revision=revision)["file"].to_pylist()
    return found


def viewed(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [name for (name,) in connection.sql("SELECT model_name FROM leaderboard ORDER BY rank").fetchall()]


def test_a_connection_keeps_its_commit_and_the_next_one_sees_the_newest(publisher: Publisher) -> None:
    publisher.rank("a", "b")
    before = every_eval.connect(publisher.place)
    publisher.rank("c")
    assert viewed(before) == ["a", "b"]
    assert viewed(every_eval.connect(publisher.place)) == ["c"] == models(publisher.place)


def test_a_revision_of_one_repo_shows_the_other_as_it_was_then(publisher: Publisher) -> None:
    first_data = publisher.reject(1, "stats.json")
    first_scores = publisher.rank("a")
    second_data = publisher.reject(2, "run.json")
    publisher.rank("b")
    place = publisher.place
    assert (models(place), files(place)) == (["b"], ["stats.json", "run.json"])
    assert (models(place, first_scores), files(place, first_scores)) == (["a"], ["stats.json"])
    assert (models(place, second_data), files(place, second_data)) == (["a"], ["stats.json", "run.json"])
    assert (models(place, first_data), files(place, first_data)) == ([], ["stats.json"])
    assert viewed(every_eval.connect(place, first_scores)) == ["a"]


def test_a_branch_of_both_repos_is_a_revision(online: tuple[Publisher, HubServer]) -> None:
    publisher, _ = online
    publisher.rank("a")
    assert models(publisher.place, "main") == ["a"]


def test_a_revision_that_no_repo_has_is_an_error(publisher: Publisher) -> None:
    publisher.rank("a")
    with pytest.raises(ConfigurationError, match=r"Neither .* nor .* has a revision '5eed'"):
        every_eval.connect(publisher.place, "5eed")


def test_a_place_where_nothing_is_published_is_an_error(publisher: Publisher) -> None:
    for read in (every_eval.connect, models):
        with pytest.raises(ConfigurationError, match=r"have no files in .* set EVERY_EVAL_HUB"):
            read(publisher.place)


def test_the_setting_says_where_the_repos_are(folder: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.rank("a")
    monkeypatch.setenv("EVERY_EVAL_HUB", folder.place)
    assert viewed(every_eval.connect()) == ["a"]


def test_a_download_without_commits_is_read_and_nothing_is_written_there(folder: Publisher, tmp_path: Path) -> None:
    folder.reject(1, "stats.json")
    copy = tmp_path / "download" / DATA
    for file in (tmp_path / "hub" / DATA).rglob("[!.]*.parquet"):
        if ".every_eval" not in file.parts:
            target = copy / file.relative_to(tmp_path / "hub" / DATA)
            target.parent.mkdir(parents=True)
            target.write_bytes(file.read_bytes())
    before = sorted(copy.rglob("*"))
    assert files(str(tmp_path / "download")) == ["stats.json"]
    assert sorted(copy.rglob("*")) == before


def test_a_hub_that_fails_while_a_table_is_read_is_explained(online: tuple[Publisher, HubServer]) -> None:
    publisher, server = online
    publisher.rank("a")
    server.faults.append(Fault("GET /large/", status=404))
    with pytest.raises(TerminalError, match=r"Cannot read leaderboard: .* answers 404") as error:
        models("huggingface")
    assert error.value.__cause__ is None


def test_a_hub_that_does_not_answer_and_a_private_repo_are_explained(
    online: tuple[Publisher, HubServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher, server = online
    publisher.reject(1, "stats.json")
    server.private.add(DATA)
    with pytest.raises(ConfigurationError, match="have no files"):
        every_eval.connect("huggingface")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert files("huggingface") == ["stats.json"]
    assert server.tokens_sent_elsewhere() == []
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(HubUnavailable, match="Cannot reach the Hugging Face Hub"):
        every_eval.connect("huggingface")
