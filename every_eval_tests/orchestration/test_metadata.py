"""Asset metadata of a table."""

import dagster as dg

from every_eval.orchestration.metadata import markdown, table_metadata


def shown(location: str) -> object:
    return table_metadata(n_rows=0, n_bytes=0, location=location, preview=[])["location"]


def test_a_file_on_the_web_is_a_link_and_one_in_a_folder_a_path() -> None:
    address = "https://huggingface.co/datasets/a/b/blob/main/latest/leaderboard_helm.parquet"
    assert shown(address) == dg.MetadataValue.url(address)
    assert shown("/data/hub/a/b") == dg.MetadataValue.path("/data/hub/a/b")


def test_a_preview_keeps_its_rows_apart_whatever_the_texts_hold() -> None:
    table = markdown([{"output": "a | b\nc", "score": 0.123456, "split": None}, {"output": "x" * 99, "score": 1.0}])
    head, rule, first, second = table.splitlines()
    assert [cell.strip() for cell in head.strip("|").split("|")] == ["output", "score", "split"]
    assert set(rule) <= set("|:-")
    assert "a \\| b c" in first
    assert "0.1235" in first
    assert "x" * 59 + "…" in second


def test_a_table_without_rows_says_so() -> None:
    assert markdown([]) == "no rows"
