"""Kill a commit at each of its steps on the file system, in one process per step: `python -m … TEMPLATE FOLDER`.

A step is what Python audits: an open, rename, link, remove, mkdir, rmdir and the like below the folder. TEMPLATE is a
folder Hub. The program copies TEMPLATE to FOLDER/1, FOLDER/2, … and kills the commit in FOLDER/n before step n. It ends
with the first commit that is not killed.
"""

import os
import shutil
import sys
from itertools import count
from pathlib import Path

from every_eval.hub.hub import Add, Change, Delete
from every_eval_tests.hub.hubs import commit_on_head, open_hub

CHANGES: tuple[Change, ...] = (
    Add("README.md", b"new card"),
    Add("stats/a/one-2.parquet", b"new statistics"),
    Delete("stats/a/one-1.parquet"),
    Delete("old/folder/file"),
    Delete("turned"),
    Add("turned/into/a/folder", b"inside"),
)


def commit_and_die(root: Path, step: int) -> None:
    """Commit, and end this process before the step with that number."""
    steps = count(1)

    def die(_: str, arguments: tuple[object, ...]) -> None:
        places = [os.fsdecode(place) for place in arguments if isinstance(place, str | bytes | os.PathLike)]
        if any(place.startswith(str(root)) for place in places) and next(steps) == step:
            os._exit(9)

    hub = open_hub(f"folder:{root}")
    sys.addaudithook(die)
    commit_on_head(hub, *CHANGES)
    os._exit(0)


def main(template: Path, folder: Path) -> None:
    """Kill a commit at each step in turn."""
    for step in count(1):
        root = folder / str(step)
        shutil.copytree(template, root, copy_function=os.link if step % 2 else shutil.copy2)
        if (child := os.fork()) == 0:
            commit_and_die(root, step)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
