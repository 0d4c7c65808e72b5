"""Published repos for the tests of the page: made by the jobs once, then copied and changed."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.page.page_builder import PageBuilder
from every_eval.sources import SOURCES
from every_eval_tests.hub.hubs import NOON
from every_eval_tests.orchestration.deployment import DATA, SCORES
from every_eval_tests.orchestration.processes import settings

PAGE = "spaces/evaleval/every_eval_page"


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
    names = [source.name for source in SOURCES]
    PageBuilder(FolderHub(hub, lambda: NOON), PAGE, DATA, SCORES, names).publish()


@contextmanager
def local_page(hub: Path) -> Iterator[str]:
    """Serve the page of a folder Hub as its reader does, and yield its address."""
    command = [sys.executable, "-m", "every_eval.page", "--port", "0"]
    environment = settings(EVERY_EVAL_HUB=str(hub), EVERY_EVAL_PAGE_REPO="evaleval/every_eval_page")
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"{process.stdout.readline().split()[4]}{PAGE}/index.html"
        finally:
            process.terminate()
