import hashlib
from pathlib import Path

from every_eval.export.eee.record_files import RowBlock, write_record, write_rows


def render(text: str) -> object:
    return lambda time: f'{{"retrieved_timestamp":"{time}","text":"{text}"}}'.encode()


def test_a_record_that_says_the_same_keeps_its_time(tmp_path: Path) -> None:
    file = tmp_path / "a" / "record.json"
    assert write_record(file, "1", render("x"))  # type: ignore[arg-type]
    before = file.stat()
    assert not write_record(file, "2", render("x"))  # type: ignore[arg-type]
    assert file.read_bytes() == b'{"retrieved_timestamp":"1","text":"x"}'
    assert file.stat().st_mtime_ns == before.st_mtime_ns


def test_a_record_that_says_something_else_gets_the_new_time(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    write_record(file, "1", render("x"))  # type: ignore[arg-type]
    assert write_record(file, "2", render("y"))  # type: ignore[arg-type]
    assert file.read_bytes() == b'{"retrieved_timestamp":"2","text":"y"}'


def test_a_damaged_record_is_written_again(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    for damaged in (b"", b"{", b"[]", b'{"retrieved_timestamp":1}', b"\xff"):
        file.write_bytes(damaged)
        assert write_record(file, "3", render("x"))  # type: ignore[arg-type]
        assert file.read_bytes() == b'{"retrieved_timestamp":"3","text":"x"}'


def test_rows_are_counted_and_have_a_checksum(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    written = write_rows(file, [RowBlock(b"{}\n{}\n", 2), RowBlock(b"[]\n", 1)])
    assert written is not None
    assert (written.n_rows, written.checksum) == (3, hashlib.sha256(b"{}\n{}\n[]\n").hexdigest())
    assert file.read_bytes() == b"{}\n{}\n[]\n"


def test_without_rows_there_is_no_file_not_even_an_older_one(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    write_rows(file, [RowBlock(b"{}\n", 1)])
    assert write_rows(file, []) is None
    assert list(tmp_path.iterdir()) == []
