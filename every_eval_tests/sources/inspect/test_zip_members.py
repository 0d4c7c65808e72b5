import zlib
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_STORED, ZipFile

import pyarrow as pa
import pytest

from every_eval.contracts.rejects import Reason
from every_eval.sources.inspect.zip_members import ZipMembers
from every_eval.sources.source import Reject
from every_eval_tests.sources.inspect.log_folder import write_log, write_member

CONTENT = {f"samples/{number}_epoch_1.json": str(number).encode() * 5000 for number in range(20)}


def opened(path: Path) -> ZipMembers:
    found = ZipMembers.open(BytesIO(path.read_bytes()), path.name)
    assert isinstance(found, ZipMembers)
    return found


@pytest.mark.parametrize("method", [ZIP_STORED, ZIP_DEFLATED, 93])
def test_members_are_read_whatever_method_of_inspect_compressed_them(tmp_path: Path, method: int) -> None:
    write_log(tmp_path / "log.eval", CONTENT, method)
    members = opened(tmp_path / "log.eval")
    assert {name: members.read(name) for name in members.infos} == CONTENT


def test_a_member_of_a_single_frame_is_read_and_never_more_than_the_directory_states(tmp_path: Path) -> None:
    raw = b"0123456789" * 5000
    with ZipFile(tmp_path / "log.eval", "w") as archive:
        for name, n_stated in (("whole", len(raw)), ("bomb", 10)):
            archive.writestr(name, pa.compress(raw, codec="zstd", asbytes=True))
            info = archive.filelist[-1]
            info.compress_type, info.file_size, info.CRC = 93, n_stated, zlib.crc32(raw[:n_stated])
    members = opened(tmp_path / "log.eval")
    assert members.read("whole") == raw
    bomb = members.read("bomb")
    assert isinstance(bomb, Reject)
    assert (bomb.reason, bomb.place) == (Reason.NOT_JSON, "bomb")


class Counting(BytesIO):
    n_read = 0

    def read(self, size: int | None = -1) -> bytes:
        raw = super().read(size)
        self.n_read += len(raw)
        return raw


def test_only_the_directory_and_the_member_are_read(tmp_path: Path) -> None:
    write_log(
        tmp_path / "log.eval", {f"{number}": zlib.compress(bytes([number]) * 9) * 2000 for number in range(99)}, 0
    )
    file = Counting((tmp_path / "log.eval").read_bytes())
    members = ZipMembers.open(file, "log.eval")
    assert isinstance(members, ZipMembers)
    members.read("50")
    assert file.n_read < len(file.getvalue()) / 20


def test_an_unknown_compression_is_named(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "log.eval", "w", ZIP_BZIP2) as archive:
        archive.writestr("header.json", b"{}")
    found = opened(tmp_path / "log.eval").read("header.json")
    assert isinstance(found, Reject)
    assert found.reason is Reason.UNEXPECTED_SHAPE
    assert "method 12" in found.detail


@pytest.mark.parametrize("n_bytes", [0, 10, 300])
def test_a_file_that_is_cut_off_is_a_reject(tmp_path: Path, n_bytes: int) -> None:
    write_log(tmp_path / "log.eval", CONTENT)
    found = ZipMembers.open(BytesIO((tmp_path / "log.eval").read_bytes()[:n_bytes]), "log.eval")
    assert isinstance(found, Reject)
    assert (found.reason, found.file) == (Reason.NOT_JSON, "log.eval")


@pytest.mark.parametrize("method", [ZIP_STORED, ZIP_DEFLATED, 93])
def test_a_damaged_member_is_a_reject_and_its_neighbours_are_read(tmp_path: Path, method: int) -> None:
    write_log(tmp_path / "log.eval", CONTENT, method)
    info = opened(tmp_path / "log.eval").infos["samples/3_epoch_1.json"]
    raw = bytearray((tmp_path / "log.eval").read_bytes())
    for place in range(info.header_offset + 60, info.header_offset + 30 + len(info.filename) + info.compress_size):
        raw[place] ^= 0x55
    members = ZipMembers.open(BytesIO(bytes(raw)), "log.eval")
    assert isinstance(members, ZipMembers)
    found = {name: members.read(name) for name in members.infos}
    [reject] = [item for item in found.values() if isinstance(item, Reject)]
    assert (reject.reason, reject.place) == (Reason.NOT_JSON, "samples/3_epoch_1.json")


def test_of_two_members_with_one_name_the_last_is_valid(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"), ZipFile(tmp_path / "log.eval", "w") as archive:
        for raw in (b"first", b"second"):
            write_member(archive, "samples/1_epoch_1.json", raw)
    assert opened(tmp_path / "log.eval").read("samples/1_epoch_1.json") == b"second"
