from pathlib import Path

import pyarrow as pa
import pytest

from every_eval.contracts.parquet import write_table
from every_eval.contracts.releases import RELEASES
from every_eval.scoring.tables.releases import Releases
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval_tests.ingestion.publishing import Publishing


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    published = Publishing.of(ArchiveStorage(HELM_SAMPLE), tmp_path_factory.mktemp("releases"))
    published.discover("lite")
    return published.rows(RELEASES)


def test_the_newest_release_and_all_releases_are_read_as_written(rows: pa.Table, tmp_path: Path) -> None:
    releases = Releases(write_table(RELEASES, tmp_path / "releases", rows))
    listed = rows.to_pylist()
    [newest] = [row for row in listed if row["is_newest"]]

    assert len(listed) > 1
    assert releases.newest == {name: value for name, value in newest.items() if name != "cells"}
    for older, expected in ((False, [newest]), (True, listed)):
        found = [{**row, "cells": row["cells"].to_pylist()} for row in releases.with_cells(older=older)]
        assert found == expected


def test_without_a_file_there_is_no_release() -> None:
    assert Releases(None).newest is None
    assert list(Releases(None).with_cells(older=True)) == []
