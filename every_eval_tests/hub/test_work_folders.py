"""What killed jobs leave behind is deleted by the next job; what a job uses or what others own is left alone."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from every_eval.hub.work_folders import MIN_AGE_SECONDS, PREFIX, sweep, work_folder

LEAVE = """
import sys, time
from every_eval.hub.work_folders import work_folder
with work_folder() as folder:
    (folder / "half").write_bytes(b"x" * 1000)
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files of its own."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield tmp_path


def age(folder: Path) -> None:
    """Make a folder look as old as folders are that may be deleted."""
    past = time.time() - MIN_AGE_SECONDS - 1
    os.utime(folder, (past, past))


@pytest.fixture
def other() -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Another process that uses a work folder, which looks old."""
    with subprocess.Popen([sys.executable, "-c", LEAVE], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().decode().strip()).parent
        age(folder)
        yield process, folder
        process.kill()


def test_a_folder_is_empty_and_goes_with_its_body(place: Path) -> None:
    with work_folder() as folder:
        assert list(folder.iterdir()) == []
        assert folder.parent.parent == place
        (folder / "a").mkdir()
    assert list(place.iterdir()) == []


def test_a_folder_in_use_stays_and_one_of_a_killed_process_goes(
    other: tuple[subprocess.Popen[bytes], Path],
) -> None:
    process, folder = other
    with work_folder():
        assert (folder / "files" / "half").exists()
    process.send_signal(signal.SIGKILL)
    process.wait()
    with work_folder():
        assert not folder.exists()


def test_a_new_folder_a_link_and_what_has_another_name_stay(place: Path) -> None:
    (place / "target").mkdir()
    (place / f"{PREFIX}link").symlink_to(place / "target")
    names = ("tmpabc", f"{PREFIX}new", f"{PREFIX}old", f"{PREFIX}file")
    for name in names[:3]:
        (place / name).mkdir()
    (place / names[3]).write_bytes(b"")
    for name in ("tmpabc", f"{PREFIX}old", "target", f"{PREFIX}file"):
        age(place / name)
    sweep(place)
    assert {path.name for path in place.iterdir()} == {"target", f"{PREFIX}link", *names} - {f"{PREFIX}old"}


def test_a_folder_of_somebody_else_stays(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = place / f"{PREFIX}theirs"
    folder.mkdir()
    age(folder)
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)  # Only root could make a folder of somebody else.
    sweep(place)
    assert folder.exists()
