"""The results that the other tests of this folder show."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest


@pytest.mark.parametrize("table", ["leaderboard", "pairs", "items", "history"])
def test_logs_of_inspect_fill_the_tables_of_scores(published_hub: Path, table: str) -> None:
    file = published_hub / f"evaleval/every_eval_score_ever/latest/{table}_inspect.parquet"
    assert set(pq.read_table(file)["source"].to_pylist()) == {"inspect"}
