"""The files of the page that are the same for every deployment: documents, styles and scripts."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Final

CONNECT_SOURCES: Final = "%CONNECT_SOURCES%"
"""Place in index.html where the hosts stand that the page may connect to."""
SUFFIXES: Final = frozenset({".css", ".html", ".js", ".json", ".svg", ".txt"})


def site_files(connect_sources: Sequence[str]) -> dict[str, bytes]:
    """Return the content of each file by its path.

    Args:
        connect_sources: Hosts, beside its own, from which the page reads, as a Content-Security-Policy names them.
    """
    content = dict(_bundled())
    sources = " ".join(["'self'", *connect_sources])
    content["index.html"] = content["index.html"].replace(CONNECT_SOURCES.encode(), sources.encode())
    return content


@cache
def _bundled() -> tuple[tuple[str, bytes], ...]:
    """Return the files of the folder `site`, sorted by path."""
    found = []
    pending = [("", files("every_eval.page") / "site")]
    while pending:
        prefix, folder = pending.pop()
        for entry in folder.iterdir():
            if entry.is_dir():
                pending.append((f"{prefix}{entry.name}/", entry))
            elif PurePosixPath(entry.name).suffix in SUFFIXES:
                found.append((f"{prefix}{entry.name}", entry.read_bytes()))
    return tuple(sorted(found))


def card(data_repo: str, scores_repo: str) -> bytes:
    """Return the card of the Space, whose header tells the Hub to serve the files as they are."""
    text = f"""---
title: Every Eval
emoji: 📊
colorFrom: gray
colorTo: blue
sdk: static
app_file: index.html
pinned: false
license: apache-2.0
datasets:
- {data_repo}
- {scores_repo}
---

# Every Eval

This page reads the published results of language model evaluations in the browser: the rows in {data_repo}, and the
scores in {scores_repo}. It has no server of its own. A job writes these files; changes made here are overwritten.
"""
    return text.encode()
