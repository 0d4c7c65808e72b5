"""The server of the page on one's own machine, over real connections."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from socket import create_server

import pytest
import requests

from every_eval.page.__main__ import main
from every_eval_tests.orchestration.processes import settings

REPO = "spaces/acme/every_eval_page"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    hub = tmp_path_factory.mktemp("hub")
    (hub / REPO).mkdir(parents=True)
    (hub / REPO / "index.html").write_text("the page")
    (hub / "acme/data").mkdir(parents=True)
    (hub / "acme/data/some file.bin").write_bytes(bytes(range(100)))
    (hub / "acme/data/.every_eval").mkdir()
    (hub / "acme/data/.every_eval/head").write_text("secret")
    environment = settings(EVERY_EVAL_HUB=str(hub), EVERY_EVAL_PAGE_REPO="acme/every_eval_page")
    command = [sys.executable, "-m", "every_eval.page", "--port", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[4]
        process.terminate()


def test_the_root_leads_to_the_page_and_keeps_the_query(address: str) -> None:
    answer = requests.get(f"{address}?view=trust", timeout=10)
    assert (answer.text, answer.url) == ("the page", f"{address}{REPO}/index.html?view=trust")


def test_a_range_is_answered_with_that_part(address: str) -> None:
    answer = requests.get(f"{address}acme/data/some%20file.bin", headers={"Range": "bytes=10-19"}, timeout=10)
    assert (answer.status_code, answer.content) == (206, bytes(range(10, 20)))
    assert answer.headers["Content-Range"] == "bytes 10-19/100"
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["acme/data/.every_eval/head", "acme/missing", "acme/%2e%2e/%2e%2e/etc/passwd"])
def test_hidden_and_missing_files_are_not_served(address: str, path: str) -> None:
    assert requests.get(address + path, timeout=10).status_code == 404


def test_the_server_answers_on_loopback_and_by_its_own_names_alone(address: str) -> None:
    assert address.startswith("http://127.0.0.1:")
    assert requests.get(address, headers={"Host": "evil.example"}, timeout=10).status_code == 400


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"EVERY_EVAL_PAGE_REPO": "none"}, "Remove the setting"),
        ({"EVERY_EVAL_PAGE_REPO": "acme/other"}, "There is no page in"),
        ({"EVERY_EVAL_HUB": "huggingface"}, "in the Space acme/every_eval_page"),
    ],
)
def test_without_a_page_in_a_folder_the_program_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, others: dict[str, str], said: str
) -> None:
    place = {"EVERY_EVAL_HUB": str(tmp_path), "EVERY_EVAL_PAGE_REPO": "acme/every_eval_page"}
    for name, value in (place | others).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match=said):
        main(["--port", "0"])


def test_a_port_that_cannot_be_used_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERY_EVAL_HUB", str(tmp_path))
    monkeypatch.setenv("EVERY_EVAL_PAGE_REPO", "acme/every_eval_page")
    (tmp_path / REPO).mkdir(parents=True)
    (tmp_path / REPO / "index.html").write_text("the page")
    with create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        with pytest.raises(SystemExit, match=f"Cannot listen on port {port}"):
            main(["--port", port])
