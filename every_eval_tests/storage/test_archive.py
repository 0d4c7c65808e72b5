"""What only an archive does, and what the bundled sample holds."""

import json
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest

from every_eval.errors import ConfigurationError, UpstreamMalformed
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage


def test_a_damaged_byte_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with ZipFile(path, "w", ZIP_STORED) as archive:
        archive.writestr("stats.json", b"[12345]")
    path.write_bytes(path.read_bytes().replace(b"12345", b"12346"))
    with pytest.raises(UpstreamMalformed, match=r"stats\.json"):
        ArchiveStorage(path).read("stats.json")


def test_names_that_lead_out_of_the_archive_are_refused(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../stats.json", b"[]")
    with pytest.raises(UpstreamMalformed, match=r"\.\./stats\.json"):
        list(ArchiveStorage(tmp_path / "a.zip").list(""))


def test_a_missing_archive_is_an_error_of_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"absent\.zip"):
        ArchiveStorage(tmp_path / "absent.zip").stat("stats.json")


def test_the_bundled_sample_is_small_and_sorted_and_carries_no_time() -> None:
    assert HELM_SAMPLE.stat().st_size < 2_000_000
    with ZipFile(HELM_SAMPLE) as archive:
        members = archive.infolist()
    assert [m.filename for m in members] == sorted(m.filename for m in members)
    assert {m.date_time for m in members} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("project", ["lite", "mmlu", "classic"])
def test_the_bundled_releases_show_runs_that_are_bundled_and_no_others(project: str) -> None:
    sample = ArchiveStorage(HELM_SAMPLE)
    output = f"{project}/benchmark_output"
    suites = sample.list_folders(f"{output}/runs/")
    assert list(suites) == list(sample.list_folders(f"{output}/releases/")) == ["v1.0.0", "v1.1.0"]
    for release in suites:
        index = f"{output}/releases/{release}"
        summarised = json.loads(sample.read(f"{index}/summary.json"))["suites"]
        suite_of = {run: suite for suite in summarised for run in sample.list_folders(f"{output}/runs/{suite}/")}
        assert json.loads(sample.read(f"{index}/runs_to_run_suites.json")) == suite_of
