"""A Hub to talk to, for every test of this folder."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from every_eval.hub.huggingface.huggingface import HuggingFaceHub
from every_eval_tests.hub.hub_server import TOKEN, HubServer, serving
from every_eval_tests.hub.hubs import NOON


@pytest.fixture
def hub_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """An empty Hub whose commits are all made at noon; large files go over plain LFS, in other processes too."""
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with serving(lambda: NOON) as server:
        yield server


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long our own calls waited, in seconds; nobody really waits, the Hub's client neither."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    return []


@pytest.fixture
def hub(hub_server: HubServer, waits: list[float], tmp_path: Path) -> HuggingFaceHub:
    return HuggingFaceHub(TOKEN, hub_server.url, tmp_path / "cache", sleep=waits.append)


@pytest.fixture
def publisher(hub_server: HubServer, waits: list[float], tmp_path: Path) -> HuggingFaceHub:
    """The same Hub from another machine, whose disk has what it published."""
    return HuggingFaceHub(TOKEN, hub_server.url, tmp_path / "publisher", sleep=waits.append)
