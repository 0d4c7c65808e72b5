"""Jobs in processes that tests kill in the middle; the processes start fast because everything is imported."""

import multiprocessing
import os
import time
from collections.abc import Mapping
from multiprocessing.context import ForkServerContext
from pathlib import Path

import dagster as dg
import numpy.random  # noqa: F401 - pyarrow imports these late; the fork server imports them once for all processes
import pandas  # noqa: F401
import pyarrow.dataset  # noqa: F401
from huggingface_hub import constants

from every_eval.definitions import build_definitions
from every_eval.hub.hub import publish
from every_eval.hub.huggingface.hugging_face_hub import HuggingFaceHub
from every_eval.ingestion.data_card import card_change
from every_eval.scoring.scorer import Scorer
from every_eval.sources import SOURCES
from every_eval.sources.helm.source import HelmSource
from every_eval.storage.folder import FolderStorage
from every_eval_tests.hub.hub_server import TOKEN
from every_eval_tests.hub.hubs import NOON
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.orchestration.deployment import DATA, SCORES


def processes() -> ForkServerContext:
    """Return a context whose processes have imported everything already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def work(root: Path, url: str, cache: Path) -> None:
    """Run both jobs without Dagster: publish what is new under `root`, and its scores, on the server at `url`.

    Each job has a cache of its own, as if it had a machine of its own, so it downloads what the other job published.
    """
    hub = HuggingFaceHub(TOKEN, url, cache / "data")
    Publishing(FolderStorage(root), hub).refresh()
    publish(hub, DATA, "Describe", lambda head: card_change(head, DATA, SCORES, SOURCES))
    hub = HuggingFaceHub(TOKEN, url, cache / "scores")
    Scorer(
        source=HelmSource(),
        sources=SOURCES,
        hub=hub,
        data_repo=DATA,
        scores_repo=SCORES,
        clock=lambda: NOON,
        report=lambda _: None,
    ).run()


def work_in_process(root: Path, url: str, cache: Path) -> None:
    """Do the same as `work` in a process of its own."""
    _hurry()
    work(root, url, cache)


def refresh_in_process(place: str, settings: Mapping[str, str]) -> None:
    """Run both jobs by Dagster, in a process of its own."""
    _hurry()
    os.chdir(place)
    os.environ.update(settings)
    with dg.DagsterInstance.ephemeral(place) as instance:
        build_definitions().resolve_job_def("refresh").execute_in_process(instance=instance, raise_on_error=False)


def _hurry() -> None:
    """Make this process never wait, and upload large files by plain LFS."""
    constants.HF_HUB_DISABLE_XET = True
    time.sleep = lambda _: None
