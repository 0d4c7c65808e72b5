"""Published repos for the tests of the page: made once, then copied and changed."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from socket import create_server
from threading import Thread

import pyarrow as pa
import pyarrow.parquet as pq
import uvicorn

from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.page.local_server import HOST, page_app
from every_eval.page.page_builder import PageBuilder
from every_eval.scoring.scorer import Scorer
from every_eval.sources import SOURCES
from every_eval.sources.eval_harness.source import EvalHarnessSource
from every_eval.sources.inspect.source import InspectSource
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval_tests.hub.hubs import NOON
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.orchestration.deployment import DATA, SCORES
from every_eval_tests.sources.eval_harness.output import Output
from every_eval_tests.sources.inspect.log_folder import LogFolder

PAGE = "spaces/evaleval/every_eval_page"


SHARD_BYTES = 1 << 30  # So that a shard is a whole benchmark.


def publish_every_source(place: Path) -> Path:
    """Publish results of every source, their scores and the page, in the folder Hub `place/hub`."""
    hub = place / "hub"
    lm_eval, logs = Output.unpack(place / "lm_eval").path, LogFolder.unpack(place / "logs").path
    for publishing, benchmarks in (
        (Publishing.of(ArchiveStorage(HELM_SAMPLE), hub, shard_bytes=SHARD_BYTES), ("lite", "mmlu")),
        (Publishing.of(lm_eval, hub, shard_bytes=SHARD_BYTES, source=EvalHarnessSource()), ("main",)),
        (Publishing.of(logs, hub, shard_bytes=SHARD_BYTES, source=InspectSource("all")), ("main", "set")),
    ):
        publishing.refresh(*benchmarks)
        Scorer(publishing.source, SOURCES, publishing.hub, DATA, SCORES, lambda: NOON, str).run()
    publish_page(hub)
    return hub


def copy_plain_files(hub: Path, target: Path) -> Path:
    """Copy what a folder Hub shows, as files that a test may change."""
    shutil.copytree(hub, target, ignore=shutil.ignore_patterns(".every_eval", "spaces"))
    for path in target.rglob("*.parquet"):
        path.chmod(0o644)
    return target


def change_rows(file: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Write a file again with changed rows, and the same schema and metadata."""
    table = pq.read_table(file)
    pq.write_table(change(table).cast(table.schema), file, compression="zstd", write_page_index=True)


def set_texts(column: str, texts: Mapping[str, str]) -> Callable[[pa.Table], pa.Table]:
    """Return a change that replaces texts in a column."""

    def change(table: pa.Table) -> pa.Table:
        values = [texts.get(value, value) for value in table[column].to_pylist()]
        return table.set_column(table.schema.get_field_index(column), column, pa.array(values, pa.string()))

    return change


def publish_page(hub: Path) -> None:
    """Make the page of the repos in a folder Hub, whose plain files become its first commit."""
    PageBuilder(FolderHub(hub, lambda: NOON), PAGE, DATA, SCORES, SOURCES).publish()


@contextmanager
def local_page(hub: Path) -> Iterator[str]:
    """Serve the page of a folder Hub by the server that shows it to its reader, and yield its address."""
    listener = create_server((HOST, 0))
    server = uvicorn.Server(uvicorn.Config(page_app(hub, PAGE), log_level="warning"))
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://{HOST}:{listener.getsockname()[1]}/{PAGE}/index.html"
    finally:
        server.should_exit = True
        thread.join()
