import pytest

from every_eval.sources.helm.discovery.ordering import oldest_first


def _undated(name: str) -> str:
    raise AssertionError(f"the date of {name} was asked for")


@pytest.mark.parametrize(
    "names",
    [
        ["v9", "v10"],
        ["v0.2", "v1.9.0rc1", "v1.9.0", "v1.10.0"],
        ["suite_9", "suite_10"],
        ["2025-09-30", "2025-10-01"],
        ["run-9-b2", "run-9-b10", "run-10-b1"],
        [],
    ],
)
def test_names_that_count_tell_their_age(names: list[str]) -> None:
    assert oldest_first(names[::-1], _undated) == names
    assert oldest_first(names, _undated) == names


def test_other_names_are_ordered_by_their_dates() -> None:
    dates = {"spring": "2026-03-01", "autumn": "2025-09-01", "v9": "2026-01-01", "v10": "2026-01-01", "draft": ""}

    assert oldest_first(dates, dates.__getitem__) == ["draft", "autumn", "v9", "v10", "spring"]


def test_without_dates_names_that_are_no_versions_come_first() -> None:
    assert oldest_first(["v2", "nightly", "v10", "draft"], lambda _: "") == ["draft", "nightly", "v2", "v10"]
