"""A member of a zip file is read without the rest of the zip file, wherever the zip file is."""

import random
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

from every_eval.network.ranged_file import READ_AHEAD_BYTES
from every_eval.storage.bucket import BucketStorage
from every_eval.storage.folder import FolderStorage
from every_eval.storage.opened_ranges import open_ranges
from every_eval.storage.storage import Storage
from every_eval_tests.storage.bucket_server import BucketServer

WANTED = b'{"status": "success"}'


def _large_zip() -> bytes:
    """Return a zip file with 50 members of 100,000 bytes that do not compress, and one small member among them."""
    noise, raw = random.Random(1), BytesIO()
    with ZipFile(raw, "w") as archive:
        for number in range(50):
            archive.writestr(f"samples/{number}.json", noise.randbytes(100_000))
            if number == 25:
                archive.writestr("header.json", WANTED)
    return raw.getvalue()


def _header(storage: Storage, name: str) -> bytes:
    stored = storage.stat(name)
    assert stored is not None
    with open_ranges(storage, stored) as file, ZipFile(file) as archive:
        return archive.read("header.json")


def test_a_member_of_a_zip_file_in_a_bucket_is_read_without_the_rest() -> None:
    with BucketServer({"logs/a.eval": _large_zip()}) as server:
        assert _header(BucketStorage(server.root_url), "logs/a.eval") == WANTED
        ranges = [r.headers["Range"].removeprefix("bytes=").split("-") for r in server.requests if r.method == "GET"]
    # The end of the file with its directory, the member's header and the member: three places.
    assert sum(int(last) - int(start) + 1 for start, last in ranges) < 4 * READ_AHEAD_BYTES


def test_a_server_that_sends_no_ranges_sends_the_whole_file_instead() -> None:
    with BucketServer({"logs/a.eval": _large_zip()}, is_plain=True, ranges=False) as server:
        assert _header(BucketStorage(server.root_url), "logs/a.eval") == WANTED


def test_a_zip_file_in_a_folder_is_opened_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.eval").write_bytes(_large_zip())
    assert _header(FolderStorage(tmp_path), "a.eval") == WANTED
