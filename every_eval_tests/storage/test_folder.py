"""What only a folder does: links, names that no bucket can have, and errors of the disk."""

import errno
import logging
import os
from pathlib import Path

import pytest

from every_eval.errors import ConfigurationError, UpstreamUnavailable
from every_eval.storage.folder import FolderStorage
from every_eval.storage.storage import UNUSABLE_NAME, SkippedEntry


def names(storage: FolderStorage, prefix: str = "") -> list[str]:
    return [item.name for item in storage.list(prefix)]


def test_a_link_to_its_neighbour_is_a_second_name_and_not_listed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "releases/v1.1.0").mkdir(parents=True)
    (tmp_path / "releases/v1.1.0/summary.json").write_bytes(b"{}")
    (tmp_path / "releases/latest").symlink_to("v1.1.0")
    storage = FolderStorage(tmp_path)
    assert names(storage, "releases/") == ["releases/v1.1.0/summary.json"]
    assert storage.list_folders("releases/") == ("v1.1.0",)
    assert storage.skipped("") == [SkippedEntry("releases/latest", "it is a link to v1.1.0 beside it")]
    assert caplog.records == []


def test_a_link_to_another_place_in_the_root_is_followed(tmp_path: Path) -> None:
    for folder in ("main/model", "mine"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "main/model/results.json").write_bytes(b"[1]")
    (tmp_path / "mine/copied").symlink_to("../main/model")
    (tmp_path / "mine/one.json").symlink_to("../main/model/results.json")
    storage = FolderStorage(tmp_path)
    assert names(storage, "mine/") == ["mine/copied/results.json", "mine/one.json"]
    assert storage.list_folders("mine/") == ("copied",)
    assert storage.read("mine/copied/results.json") == storage.read("mine/one.json") == b"[1]"
    assert storage.skipped("") == []


def test_a_link_out_of_the_root_is_named_and_neither_listed_nor_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "secret/deep").mkdir(parents=True)
    (tmp_path / "secret/deep/key.json").write_bytes(b"[9]")
    root = tmp_path / "root"
    (root / "inner").mkdir(parents=True)
    (root / "inner/a.json").write_bytes(b"[1]")
    (root / "linked").symlink_to("../secret")
    (root / "inner/key.json").symlink_to(tmp_path / "secret/deep/key.json")
    (root / "inner/nowhere").symlink_to("v9")
    storage = FolderStorage(root)
    assert names(storage) == ["inner/a.json"]
    assert names(storage, "linked/") == names(storage, "linked/deep/") == []
    assert storage.list_folders("") == ("inner",)
    for name in ("linked/deep/key.json", "inner/key.json"):
        assert storage.stat(name) is None
        for read in (storage.read, storage.open):
            with pytest.raises(FileNotFoundError):
                read(name)
    secret = f"outside {root}, and such links are not followed"
    assert storage.skipped("") == [
        SkippedEntry("inner/key.json", f"it is a link to {tmp_path}/secret/deep/key.json, {secret}"),
        SkippedEntry("inner/nowhere", "it is a link to v9, which cannot be found"),
        SkippedEntry("linked", f"it is a link to {tmp_path}/secret, {secret}"),
    ]
    assert storage.skipped("inner/") == storage.skipped("")[:2]
    assert f"{root}: left out linked, because it is a link to {tmp_path}/secret, {secret}." in caplog.messages


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    for folder in ("a", "b/deep"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "a/a.json").write_bytes(b"[]")
    (tmp_path / "a/b").symlink_to("../b")
    (tmp_path / "b/deep/a").symlink_to("../../a")
    (tmp_path / "b/self").symlink_to("self")
    storage = FolderStorage(tmp_path)
    assert names(storage) == ["a/a.json", "b/deep/a/a.json"]
    assert [item.name for item in storage.skipped("")] == ["a/b/deep/a", "a/b/self", "b/deep/a/b", "b/self"]


def test_a_root_that_is_itself_a_link_is_read(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.json").write_bytes(b"[1]")
    (tmp_path / "link").symlink_to("real")
    assert names(FolderStorage(tmp_path / "link")) == ["a.json"]
    assert FolderStorage(tmp_path / "link").read("a.json") == b"[1]"


def test_a_name_that_is_not_utf_8_is_named_and_its_neighbours_are_listed(tmp_path: Path) -> None:
    for folder in (b"caf\xe9", "café".encode()):
        path = tmp_path / os.fsdecode(folder)
        path.mkdir()
        (path / "a.json").write_bytes(b"[]")
    storage = FolderStorage(tmp_path)
    assert names(storage) == ["café/a.json"]
    assert storage.list_folders("") == ("café",)
    assert storage.skipped("") == [SkippedEntry("caf\\xe9", UNUSABLE_NAME)]
    assert storage.stat(os.fsdecode(b"caf\xe9/a.json")) is None


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
    place = {"a\\b": tmp_path, "back\\slash.json": tmp_path / "a"}
    assert caplog.messages == [
        f"{place[name]}: left out {name}, because {UNUSABLE_NAME}." for name in ("a\\b", "back\\slash.json", "a\\b")
    ]


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
