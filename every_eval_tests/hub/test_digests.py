"""Digests are those of `git hash-object` and `sha256sum`."""

from pathlib import Path

import pytest

from every_eval.hub.digests import VerifiedFiles, digests
from every_eval.hub.hub import HubFile

BLOB_OID = "ce013625030ba8dba906f756967f9e9ca394464a"  # echo hello | git hash-object --stdin
SHA256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"  # echo hello | sha256sum


def test_a_content_has_the_digests_of_git_and_of_sha256sum(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"hello\n")
    for found in (digests(b"hello\n"), digests(tmp_path / "file")):
        assert (found.size, found.blob_oid, found.sha256) == (6, BLOB_OID, SHA256)


def test_a_file_larger_than_what_is_read_at_once_has_the_digests_of_its_bytes(tmp_path: Path) -> None:
    content = bytes(range(256)) * 10_000
    (tmp_path / "file").write_bytes(content)
    assert digests(tmp_path / "file") == digests(content)


@pytest.mark.parametrize(
    ("size", "digest", "is_match"),
    [(6, SHA256, True), (6, BLOB_OID, True), (5, SHA256, False), (6, SHA256[:-1] + "4", False)],
)
def test_a_file_matches_by_its_size_and_either_digest(size: int, digest: str, is_match: bool) -> None:
    assert digests(b"hello\n").match(HubFile("a", size, digest)) is is_match


@pytest.mark.parametrize("digest", [SHA256, BLOB_OID])
def test_a_local_file_is_compared_with_either_digest_and_read_again_once_it_has_changed(
    tmp_path: Path, digest: str
) -> None:
    verified, path, file = VerifiedFiles(), tmp_path / "file", HubFile("a", 6, digest)
    assert not verified.has_content(path, file)
    path.write_bytes(b"hello\n")
    assert verified.has_content(path, file)
    path.chmod(0o444)
    assert verified.has_content(path, file)
    for changed in (b"HELLO\n", b"hello"):
        path.chmod(0o644)
        path.write_bytes(changed)
        assert not verified.has_content(path, file)


def test_a_verified_file_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    verified, path, file = VerifiedFiles(), tmp_path / "file", HubFile("a", 6, SHA256)
    path.write_bytes(b"hello\n")
    assert verified.has_content(path, file)
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("the file is read again"))
    assert verified.has_content(path, file)
