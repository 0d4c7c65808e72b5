"""Results of every source, published in one folder."""

from pathlib import Path

import pytest

from every_eval.readers.published import Published, open_published
from every_eval.sources.eval_harness.source import EvalHarnessSource
from every_eval.sources.inspect.source import InspectSource
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.sources.eval_harness.output import Output
from every_eval_tests.sources.inspect.log_folder import LogFolder

SHARD_BYTES = 1 << 22


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled sample of HELM, output of lm-eval and logs of Inspect, published; tests must not change it."""
    folder = tmp_path_factory.mktemp("export")
    hub = folder / "hub"
    helm = Publishing.of(ArchiveStorage(HELM_SAMPLE), hub, shard_bytes=SHARD_BYTES)
    helm.refresh("lite", "mmlu", "classic")
    lm_eval = Publishing.of(Output.unpack(folder / "lm").path, hub, shard_bytes=SHARD_BYTES, source=EvalHarnessSource())
    lm_eval.refresh("main", "dummy", "file_style", "predict_only", "no_samples")
    logs = LogFolder.unpack(folder / "logs").path
    Publishing.of(logs, hub, shard_bytes=SHARD_BYTES, source=InspectSource("all")).refresh("main", "set")
    return hub


@pytest.fixture
def published(hub: Path, monkeypatch: pytest.MonkeyPatch) -> Published:
    """The published results, as a reader sees them."""
    monkeypatch.setenv("EVERY_EVAL_HUB", str(hub))
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    return open_published()
