"""The files of the page that are the same for every deployment."""

import hashlib
import json
import re

from every_eval.page.column_docs import column_docs
from every_eval.page.site_files import card, site_files

FILES = site_files(["https://hub.example"])
VENDORED = "vendored/"


def test_the_page_may_connect_to_its_own_host_and_the_hub_alone() -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', FILES["index.html"].decode())
    assert policy
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    assert rules["connect-src"] == "'self' https://hub.example"
    assert rules["default-src"] == "'none'"
    assert {rules["script-src"], rules["style-src"]} == {"'self'"}


def test_no_file_of_ours_names_another_host() -> None:
    for path, content in FILES.items():
        if not path.startswith(VENDORED):
            hosts = set(re.findall(r"https?://([\w.-]+)", content.decode())) - {"www.w3.org", "hub.example"}
            assert hosts <= {"huggingface.co"}, path


def test_the_manifest_states_each_library_with_its_licence_and_checksum() -> None:
    libraries = {one["file"]: one for one in json.loads(FILES[f"{VENDORED}manifest.json"])["libraries"]}
    assert {f"{VENDORED}{name}" for name in libraries} == {
        path for path in FILES if path.startswith(VENDORED) and path.endswith(".js")
    }
    for name, library in libraries.items():
        content = FILES[f"{VENDORED}{name}"]
        assert library["sha256"] == hashlib.sha256(content).hexdigest()
        assert library["bytes"] == len(content)
        for package in library["packages"]:
            assert package["license"] in {"MIT", "ISC"}
            assert "permission" in package["licence_text"].lower()


def test_every_import_names_a_file_of_the_page() -> None:
    for path, content in FILES.items():
        if path.endswith(".js") and not path.startswith(VENDORED):
            folder = path.split("/")[:-1]
            for name in re.findall(r'(?:from |\bimport\()"(\.[^"]+)"', content.decode()):
                parts = list(folder)
                for part in name.split("/"):
                    if part == "..":
                        parts.pop()
                    elif part != ".":
                        parts.append(part)
                assert "/".join(parts) in FILES, f"{path} imports {name}"


def test_the_page_is_smaller_than_a_megabyte() -> None:
    assert sum(map(len, FILES.values())) < 1_000_000


def test_the_space_serves_static_files() -> None:
    assert b"\nsdk: static\n" in card("a/data", "a/scores")


def test_each_column_of_a_table_has_a_meaning() -> None:
    docs = column_docs()
    assert {"leaderboard", "pairs", "samples", "scenario_scores"} <= docs.keys()
    assert all(meaning for table in docs.values() for meaning in table["columns"].values())
