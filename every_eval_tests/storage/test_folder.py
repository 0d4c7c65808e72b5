"""What only a folder does: links, names that no bucket can have, and errors of the disk."""

import errno
import logging
import os
from pathlib import Path

import pytest

from every_eval.errors import ConfigurationError, UpstreamUnavailable
from every_eval.storage.folder import FolderStorage


def test_a_link_to_a_folder_is_neither_listed_nor_followed(tmp_path: Path) -> None:
    (tmp_path / "releases/v1.1.0").mkdir(parents=True)
    (tmp_path / "releases/v1.1.0/summary.json").write_bytes(b"{}")
    (tmp_path / "releases/latest").symlink_to("v1.1.0")
    (tmp_path / "releases/nowhere").symlink_to("v9")
    storage = FolderStorage(tmp_path)
    assert [o.name for o in storage.list("releases/")] == ["releases/v1.1.0/summary.json"]
    assert storage.list_folders("releases/") == ("v1.1.0",)


def test_a_change_of_the_content_changes_the_witness_and_refuses_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "stats.json"
    path.write_bytes(b"[1]")
    storage = FolderStorage(tmp_path)
    before = storage.stat("stats.json")
    path.write_bytes(b"[2]")
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    after = storage.stat("stats.json")
    assert before is not None
    assert after is not None
    assert before.witness != after.witness
    assert storage.read("stats.json", after.witness) == b"[2]"
    with pytest.raises(UpstreamUnavailable, match="changed"):
        storage.read("stats.json", before.witness)


def test_a_root_that_is_missing_says_what_to_do(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path / "absent")
    for call in (lambda: list(storage.list("")), lambda: storage.list_folders(""), lambda: storage.read("stats.json"),
                 lambda: storage.stat("stats.json")):  # fmt: skip
        with pytest.raises(ConfigurationError, match="Name the folder that holds"):
            call()


def test_a_name_that_no_bucket_can_have_is_left_out_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("a/x.json", "a\\b/x.json", "a/back\\slash.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"[]")
    with caplog.at_level(logging.WARNING):
        assert [o.name for o in FolderStorage(tmp_path).list("")] == ["a/x.json"]
        assert FolderStorage(tmp_path).list_folders("") == ("a",)
    assert [record.args for record in caplog.records] == [
        (tmp_path, ["a\\b"]), (tmp_path / "a", ["back\\slash.json"]), (tmp_path, ["a\\b"])
    ]  # fmt: skip


def test_a_file_that_vanishes_during_the_listing_is_an_error(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_bytes(b"[]")
    listing = FolderStorage(tmp_path).list("")
    next(listing)
    (tmp_path / "b.json").unlink()
    with pytest.raises(UpstreamUnavailable, match=r"b\.json"):
        next(listing)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file whose first byte cannot be read")
def test_a_file_whose_bytes_cannot_be_read_is_an_error() -> None:
    with pytest.raises(UpstreamUnavailable, match="Cannot read /proc/self/mem"):
        FolderStorage(Path("/proc/self")).read("mem")


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.EIO, UpstreamUnavailable),
        (errno.ESTALE, UpstreamUnavailable),
        (errno.ETIMEDOUT, UpstreamUnavailable),
        (errno.EACCES, ConfigurationError),
    ],
)
def test_a_denied_access_needs_somebody_to_act_and_other_errors_may_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    (tmp_path / "stats.json").write_bytes(b"[]")
    storage = FolderStorage(tmp_path)
    monkeypatch.setattr(os, "scandir", fail)
    monkeypatch.setattr(Path, "stat", fail)
    monkeypatch.setattr(Path, "open", fail)
    for call in (
        lambda: list(storage.list("")),
        lambda: storage.stat("stats.json"),
        lambda: storage.read("stats.json"),
    ):
        with pytest.raises(error, match=str(tmp_path)):
            call()
