"""The dates of ingestion that the page keeps."""

import json
from datetime import UTC, datetime
from pathlib import Path

from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Add, Delete
from every_eval.page.ingestion_dates import DATES, ingestion_dates

FIRST, CHANGED = (f"stats/helm_lite/helm_lite_part_00001-{digit * 12}.parquet" for digit in "ab")
SECOND = f"stats/helm_lite/helm_lite_part_00002-{'c' * 12}.parquet"


def test_a_shard_keeps_its_date_until_its_inputs_change(tmp_path: Path) -> None:
    moments = [datetime(2026, 11, day, 6, tzinfo=UTC) for day in (20, 20, 27)]  # The data, the page, the data again.
    hub = FolderHub(tmp_path, lambda: moments.pop(0))
    data = hub.commit(
        "acme/data", [Add(FIRST, b"1"), Add(SECOND, b"2"), Add("data/x.parquet", b"")], title="", parent=None
    )
    nothing = hub.snapshot("spaces/acme/page")
    before = ingestion_dates(data, nothing)
    assert before == {FIRST: "2026-11-20T06:00:00+00:00", SECOND: "2026-11-20T06:00:00+00:00"}
    page = hub.commit("spaces/acme/page", [Add(DATES, json.dumps(before).encode())], title="", parent=None)
    again = hub.commit("acme/data", [Delete(FIRST), Add(CHANGED, b"3")], title="", parent=data.commit)
    assert ingestion_dates(again, page) == {CHANGED: "2026-11-27T06:00:00+00:00", SECOND: "2026-11-20T06:00:00+00:00"}
    assert ingestion_dates(nothing, page) == {}
