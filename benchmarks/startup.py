"""Measure what a job of every_eval takes to start, beyond a job of an empty Dagster project.

    python -m benchmarks.startup [--repeats N]

Both are `dagster job execute` of a job that does nothing: one from a code location without anything else, the other
from the code location of every_eval with that job added to it. They run in turn, each in a fresh process with an empty
DAGSTER_HOME; the CPU time is that of all processes.
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks.measurement import Spread, show
from benchmarks.overhead import run

LOCATIONS = {
    "empty project": "import dagster as dg\n",
    "every_eval": "import dagster as dg\nfrom every_eval.definitions import build_definitions\n",
}
JOB = """

@dg.job
def nothing():
    pass

"""
DEFINITIONS = {
    "empty project": "defs = dg.Definitions(jobs=[nothing])\n",
    "every_eval": "defs = dg.Definitions.merge(build_definitions(), dg.Definitions(jobs=[nothing]))\n",
}


def main() -> None:
    """Print the times of both, and the difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="number of measurements of each")
    options = parser.parse_args()
    seconds: dict[str, list[float]] = {name: [] for name in LOCATIONS}
    for _ in range(options.repeats):
        for name in LOCATIONS:
            seconds[name].append(_start(name))
    spreads = {name: Spread(times) for name, times in seconds.items()}
    for name, spread in spreads.items():
        show(f"{name}: {spread.least:.2f} s CPU time (median {spread.median:.2f})")
    empty, ours = spreads.values()
    show(f"every_eval beyond an empty project: {ours.least - empty.least:.2f} s CPU time")


def _start(name: str) -> float:
    """Return the CPU time of a job, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "location.py"
        file.write_text(LOCATIONS[name] + JOB + DEFINITIONS[name])
        (Path(folder) / "home").mkdir()
        settings = {"DAGSTER_HOME": str(Path(folder) / "home"), "DAGSTER_DISABLE_TELEMETRY": "yes"}
        arguments = ("-m", "dagster", "job", "execute", "-f", str(file), "-j", "nothing")
        return run(arguments, settings, Path(folder) / "log")[1]


if __name__ == "__main__":
    main()
