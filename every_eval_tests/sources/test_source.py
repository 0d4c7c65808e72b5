import pytest

from every_eval.sources import SOURCES
from every_eval.sources.source import ASSUMED_RUN_BYTES, Input, Run


def _run(*sizes: int | None) -> Run:
    inputs = tuple(Input(f"{number}.json", size, "w") for number, size in enumerate(sizes))
    return Run("helm", "lite", "v1", "gsm:model=m", "lite/runs/v1/gsm:model=m", inputs)


@pytest.mark.parametrize(
    ("sizes", "n_bytes"),
    [((), 0), ((3, 4), 7), ((0,), 0), ((3, None), ASSUMED_RUN_BYTES), ((None,), 16 * 1024 * 1024)],
)
def test_a_run_is_as_large_as_its_files_or_as_estimated(sizes: tuple[int | None, ...], n_bytes: int) -> None:
    assert _run(*sizes).n_bytes == n_bytes


def test_runs_of_a_benchmark_are_told_apart_by_suite_and_name() -> None:
    assert _run().identity == ("v1", "gsm:model=m")


def test_sources_have_names_that_can_stand_in_keys_and_file_names() -> None:
    names = [source.name for source in SOURCES]

    assert len(set(names)) == len(names)
    assert all(name.replace("_", "").isalnum() and name == name.lower() for name in names)
    assert all(source.data_version >= 1 for source in SOURCES)
