"""Hubs for the tests of this folder."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from every_eval.hub.huggingface.hugging_face_hub import HuggingFaceHub
from every_eval_tests.hub.hub_server import TOKEN, HubServer, serving
from every_eval_tests.hub.hubs import NOON


@pytest.fixture
def hub_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """An empty Hub on which it is always noon. Large files use plain LFS instead of Xet, in other processes too."""
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with serving(lambda: NOON) as server:
        yield server


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Times that calls waited before another attempt, in seconds, without their random part; nobody really waits."""
    monkeypatch.setattr(random, "uniform", lambda low, _: low)
    return []


@pytest.fixture
def hub(hub_server: HubServer, waits: list[float], tmp_path: Path) -> HuggingFaceHub:
    return HuggingFaceHub(TOKEN, hub_server.url, tmp_path / "cache", sleep=waits.append)


@pytest.fixture
def publisher(hub_server: HubServer, waits: list[float], tmp_path: Path) -> HuggingFaceHub:
    """The same Hub, opened on another machine, whose cache holds what it has published."""
    return HuggingFaceHub(TOKEN, hub_server.url, tmp_path / "publisher", sleep=waits.append)
