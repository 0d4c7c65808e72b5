from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.orchestration.deployment import Deployment


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    root = HelmRoot.unpack(tmp_path / "root")
    (tmp_path / "dagster").mkdir()
    with dg.instance_for_test(temp_dir=str(tmp_path / "dagster"), set_dagster_home=True) as instance:
        yield Deployment(root, tmp_path / "hub", instance, monkeypatch)
