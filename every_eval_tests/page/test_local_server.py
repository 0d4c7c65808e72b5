"""The server of the page on one's own machine, over real connections."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

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
    with start(hub, "0") as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[4]
        process.terminate()


def start(hub: Path, port: str, **others: str) -> subprocess.Popen[str]:
    environment = settings() | {"EVERY_EVAL_HUB": str(hub), "EVERY_EVAL_PAGE_REPO": "acme/every_eval_page"} | others
    command = [sys.executable, "-m", "every_eval.page", "--port", port]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


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
    tmp_path: Path, others: dict[str, str], said: str
) -> None:
    process = start(tmp_path, "0", **others)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said in error


def test_a_port_that_cannot_be_used_is_named(address: str, tmp_path: Path) -> None:
    (tmp_path / REPO).mkdir(parents=True)
    (tmp_path / REPO / "index.html").write_text("the page")
    port = address.rstrip("/").rpartition(":")[2]
    process = start(tmp_path, port)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"Cannot listen on port {port}" in error
