from pathlib import Path

import pytest

from every_eval_tests.sources.eval_harness.output import Output


@pytest.fixture
def output(tmp_path: Path) -> Output:
    return Output.unpack(tmp_path / "root")
