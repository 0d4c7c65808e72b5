"""A weekly job that dies, or whose disk is full: `python -m every_eval_tests.chaos.killed_job ROOT HUB KIND NUMBER`.

With KIND `step`, the process ends before the NUMBERth time that it opens, renames, links or removes a file of the Hub.
With KIND `bytes`, no file can become larger than NUMBER bytes.
"""

import os
import resource
import sys
from itertools import count
from pathlib import Path

from every_eval_tests.ingestion.publishing import Publishing

EVENTS = ("open", "os.rename", "os.link", "os.remove", "os.mkdir")


def main(root: Path, hub: Path, kind: str, number: int) -> None:
    """Run the job; its exit code is 9 if it died, and 1 if something was not published."""
    steps = count(1)

    def die(event: str, arguments: tuple[object, ...]) -> None:
        if event in EVENTS and str(hub) in str(arguments[0]) and next(steps) == number:
            os._exit(9)

    publishing = Publishing.of(root, hub)
    if kind == "step":
        sys.addaudithook(die)
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (number, number))
    [found] = publishing.discover()
    outcomes = publishing.ingest(publishing.to_do())
    sys.exit(found.error is not None or any(outcome.error is not None for outcome in outcomes))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
