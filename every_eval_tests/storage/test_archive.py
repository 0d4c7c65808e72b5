"""What only an archive does, and what the bundled sample holds."""

import json
from pathlib import Path
from stat import S_IFLNK
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pytest

from every_eval.errors import ConfigurationError, UpstreamMalformed
from every_eval.storage.archive import HELM_SAMPLE, MAX_BOMB_BYTES, ArchiveStorage


def test_a_damaged_byte_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with ZipFile(path, "w", ZIP_STORED) as archive:
        archive.writestr("stats.json", b"[12345]")
    path.write_bytes(path.read_bytes().replace(b"12345", b"12346"))
    with pytest.raises(UpstreamMalformed, match=r"stats\.json"):
        ArchiveStorage(path).read("stats.json")


def _member(name: str, **attributes: int) -> ZipInfo:
    member = ZipInfo(name)
    for attribute, value in attributes.items():
        setattr(member, attribute, value)
    return member


def _patched(path: Path, name: str, **fields: int) -> None:
    """Change fields of a file's entry in the directory of an archive: its flags, or the number of its compression."""
    raw = bytearray(path.read_bytes())
    place = raw.rindex(b"PK\x01\x02", 0, raw.rindex(name.encode()))
    for field, value in fields.items():
        start = place + {"flags": 8, "compression": 10}[field]
        raw[start : start + 2] = value.to_bytes(2, "little")
    path.write_bytes(raw)


def test_files_that_cannot_be_read_safely_are_left_out_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.zip"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr("../stats.json", b"[]")
        archive.writestr("bomb.json", b" " * (MAX_BOMB_BYTES + 1))
        archive.writestr("large.json", b" " * MAX_BOMB_BYTES)
        archive.writestr(_member("link.json", external_attr=(S_IFLNK | 0o777) << 16), "/etc/passwd")
        archive.writestr("secret.json", b"[]")
        archive.writestr("odd.json", b"[]")
        archive.writestr("stats.json", b"[]")
    _patched(path, "secret.json", flags=1)
    _patched(path, "odd.json", compression=99)
    storage = ArchiveStorage(path)

    assert [item.name for item in storage.list("")] == ["large.json", "stats.json"]
    assert storage.read("stats.json") == b"[]"
    reasons = {entry.name: entry.reason for entry in storage.skipped("")}
    assert list(reasons) == ["../stats.json", "bomb.json", "link.json", "odd.json", "secret.json"]
    for name, said in zip(reasons, ["leads out", "200 times", "a link", "number 99", "encrypted"], strict=True):
        assert said in reasons[name]
        assert f"left out {name}, because {reasons[name]}" in caplog.text
        with pytest.raises(FileNotFoundError):
            storage.read(name)


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
