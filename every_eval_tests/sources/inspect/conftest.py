from pathlib import Path

import pytest

from every_eval_tests.sources.inspect.log_folder import LogFolder


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> LogFolder:
    return LogFolder.unpack(tmp_path_factory.mktemp("inspect") / "root")


@pytest.fixture
def logs(unpacked: LogFolder, tmp_path: Path) -> LogFolder:
    return unpacked.copy(tmp_path / "root")
