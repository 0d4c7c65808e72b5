from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from every_eval.errors import HubUnavailable
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Add
from every_eval.scoring.presentation.published_table import N_PREVIEW, PublishedTable
from every_eval_tests.hub.hubs import NOON, commit_on_head

ROWS = pa.table({"run": [f"r{at}" for at in range(N_PREVIEW + 5)]})


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Two files of a table, by path in the repo."""
    files = {f"state/helm_lite/{number:05d}.parquet": tmp_path / str(number) for number in (1, 17)}
    for file in files.values():
        pq.write_table(ROWS, file, write_page_checksum=True)
    return files


def test_local_files_are_described_by_rows_bytes_and_first_rows(files: dict[str, Path]) -> None:
    table = PublishedTable.from_local(files)

    assert (table.path, table.n_rows) == ("state/helm_lite/00001.parquet", 2 * ROWS.num_rows)
    assert table.n_bytes == sum(file.stat().st_size for file in files.values())
    assert table.preview == [{"run": f"r{at}"} for at in range(N_PREVIEW)]


def test_a_published_file_is_described_as_a_local_file_is(files: dict[str, Path], tmp_path: Path) -> None:
    path, file = files.popitem()
    head = commit_on_head(FolderHub(tmp_path / "hub", lambda: NOON), Add(path, file))

    assert PublishedTable.from_snapshot(head, [path]) == PublishedTable.from_local({path: file})


def test_rows_of_several_published_files_are_not_counted(files: dict[str, Path], tmp_path: Path) -> None:
    head = commit_on_head(FolderHub(tmp_path / "hub", lambda: NOON), *(Add(*file) for file in files.items()))
    table, local = PublishedTable.from_snapshot(head, list(files)), PublishedTable.from_local(files)

    assert table.n_rows is None
    assert (table.path, table.n_bytes, table.preview) == (local.path, local.n_bytes, local.preview)


def test_a_file_that_arrives_damaged_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    hub = FolderHub(tmp_path, lambda: NOON)
    head = commit_on_head(hub, Add("latest/leaderboard_helm.parquet", b"PAR1 this is no Parquet file PAR1"))

    with pytest.raises(HubUnavailable, match=r"latest/leaderboard_helm\.parquet of the scores repo arrived damaged"):
        PublishedTable.from_snapshot(head, ["latest/leaderboard_helm.parquet"])
