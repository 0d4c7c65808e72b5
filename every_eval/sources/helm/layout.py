"""Where HELM puts its files below a root, and which of its names are safe to use as a path."""

from collections.abc import Sequence
from typing import Final

from every_eval.errors import BenchmarkMissing, UpstreamMalformed
from every_eval.storage.storage import Storage

RUN_FILES: Final = (
    "run_spec.json",
    "scenario.json",
    "stats.json",
    "instances.json",
    "display_predictions.json",
    "display_requests.json",
    "per_instance_stats.json",
)
"""The files that a run is read from."""

DISPLAY_FILES: Final = ("instances.json", "display_predictions.json", "display_requests.json")
"""The files that HELM adds when it summarises a run; before that, scenario_state.json holds their content."""

SCENARIO_STATE: Final = "scenario_state.json"
NOT_RUNS: Final = frozenset({"eval_cache", "groups"})
"""Folders beside the runs of a suite that are not runs."""
LATEST: Final = "latest"
"""Name of a link to the newest folder beside it."""


def is_looked_up(name: str) -> bool:
    """Tell whether an object belongs to an index or is a file that runs are read from."""
    place = name.partition("benchmark_output/runs/")[2].split("/")  # suite, run, file
    return len(place) < 3 or place[1] == "groups" or place[-1] in (*RUN_FILES, SCENARIO_STATE)


def is_folder_name(name: str) -> bool:
    """Tell whether a name is that of a single folder and can be written in UTF-8."""
    return bool(name) and name not in {".", ".."} and not set(name) & set("/\\\0") and writable(name) == name


def writable(name: str) -> str:
    """Return the name with the characters that UTF-8 cannot hold written as escapes."""
    return name.encode(errors="backslashreplace").decode()


def checked(name: str, stated_by: str) -> str:
    """Return the name if it is safe; else raise `UpstreamMalformed`, which names the file `stated_by`."""
    if not is_folder_name(name):
        raise UpstreamMalformed(f"{stated_by} names {name!r}, which is not the name of a folder.")
    return name


def outputs(benchmark: str) -> Sequence[str]:
    """Return the possible prefixes of a project's `benchmark_output`; Classic may lack its project folder."""
    return [f"{benchmark}/benchmark_output/"] + (["benchmark_output/"] if benchmark == "classic" else [])


def find_output(storage: Storage, benchmark: str) -> str:
    """Return the prefix of a project's `benchmark_output`.

    Raises:
        BenchmarkMissing: The storage has no such project.
    """
    candidates = outputs(benchmark)
    for candidate in candidates:
        if not storage.can_list or set(folders(storage, candidate)) & {"runs", "releases"}:
            return candidate
    raise BenchmarkMissing(
        f"{storage.location} has no {candidates[0]}. Check EVERY_EVAL_BENCHMARKS and EVERY_EVAL_HELM_ROOT."
    )


def folders(storage: Storage, prefix: str) -> Sequence[str]:
    """Return the folders in `prefix` that are not links."""
    return [name for name in storage.list_folders(prefix) if name != LATEST]
