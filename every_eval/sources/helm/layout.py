"""Where HELM puts things below a root, and which names are safe to follow."""

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
"""What a run is read from."""

DISPLAY_FILES: Final = ("instances.json", "display_predictions.json", "display_requests.json")
"""What HELM adds when it summarises a run; until then scenario_state.json holds the same."""

SCENARIO_STATE: Final = "scenario_state.json"
NOT_RUNS: Final = frozenset({"eval_cache", "groups"})
LATEST: Final = "latest"
"""A link to the newest of its neighbours, not one of them."""


def is_looked_up(name: str) -> bool:
    """Whether an object is one of an index or of a run, and not one of the many others that HELM writes with them."""
    place = name.partition("benchmark_output/runs/")[2].split("/")  # suite, run, file
    return len(place) < 3 or place[1] == "groups" or place[-1] in (*RUN_FILES, SCENARIO_STATE)


def is_folder_name(name: str) -> bool:
    """Whether a name that an index states is that of one folder, and of no other; it can be written in UTF-8."""
    return bool(name) and name not in {".", ".."} and not set(name) & set("/\\\0") and writable(name) == name


def writable(name: str) -> str:
    """`name` with what a folder's name can hold and UTF-8 cannot written as escapes."""
    return name.encode(errors="backslashreplace").decode()


def checked(name: str, stated_by: str) -> str:
    """`name`, if it is safe; raises `UpstreamMalformed` else."""
    if not is_folder_name(name):
        raise UpstreamMalformed(f"{stated_by} names {name!r}, which is no folder's name")
    return name


def outputs(benchmark: str) -> Sequence[str]:
    """The prefixes that a project's `benchmark_output` may have; Classic is also found without its project folder."""
    return [f"{benchmark}/benchmark_output/"] + (["benchmark_output/"] if benchmark == "classic" else [])


def find_output(storage: Storage, benchmark: str) -> str:
    """The prefix of a project's `benchmark_output`.

    Raises:
        BenchmarkMissing: there is none.
    """
    candidates = outputs(benchmark)
    for candidate in candidates:
        if not storage.can_list or set(folders(storage, candidate)) & {"runs", "releases"}:
            return candidate
    raise BenchmarkMissing(
        f"{storage.location} has no {candidates[0]}: check EVERY_EVAL_BENCHMARKS and EVERY_EVAL_HELM_ROOT"
    )


def folders(storage: Storage, prefix: str) -> Sequence[str]:
    """Folders in `prefix` that are no link."""
    return [name for name in storage.list_folders(prefix) if name != LATEST]
