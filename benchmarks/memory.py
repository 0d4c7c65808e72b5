"""Measure the peak memory of a process that reads a giant run: one file is large, or the three display files are.

    python -m benchmarks.memory [--folder FOLDER] [--state-mb N] [--stats-mb N] [--display-mb N]

By default, scenario_state.json has 2 GB, per_instance_stats.json 1 GB, and the three display files 1.5 GB together. The
runs are written to the folder one after the other, and removed.
"""

import argparse
import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from benchmarks.enlarged_runs import ID_FIELDS, open_corpus, read_run, repeat, summarised_runs
from benchmarks.measurement import peak_mib, show
from every_eval.ingestion.inputs import open_input
from every_eval.ingestion.workers.arrow_files import write_arrow_files
from every_eval.sources.helm.layout import DISPLAY_FILES
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Input, Run
from every_eval.storage.folder import FolderStorage

STATE, STATS = "scenario_state.json", "per_instance_stats.json"
DISPLAY = "display files"


def main() -> None:
    """Print the peak for each kind of giant run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="folder for the runs; default: a temporary folder")
    parser.add_argument(
        "--state-mb", type=int, default=2000, help="size of scenario_state.json, in MB; 0: leave the measurement out"
    )
    parser.add_argument(
        "--stats-mb",
        type=int,
        default=1000,
        help="size of per_instance_stats.json, in MB; 0: leave the measurement out",
    )
    parser.add_argument(
        "--display-mb",
        type=int,
        default=1500,
        help="size of the display files together, in MB; 0: leave the measurement out",
    )
    options = parser.parse_args()
    for giant, size in ((STATE, options.state_mb), (STATS, options.stats_mb), (DISPLAY, options.display_mb)):
        if not size:
            continue
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            run = write_giant(Path(folder) / "root", giant, size * 1_000_000)
            show(f"{giant} of {size} MB: at most {peak_mib(read, Path(folder), run):.0f} MiB")
    show(f"a process that has only imported its modules: {peak_mib(nothing):.0f} MiB")


def read(folder: Path, run: Run) -> None:
    """Read a run as a worker process does."""
    storage = FolderStorage(folder / "root")
    write_arrow_files(HelmSource().read(run, lambda name: open_input(storage, run, name)[0]), folder / "rows")


def nothing() -> None:
    """Do nothing, to measure a process that has only imported its modules."""


def write_giant(root: Path, giant: str, n_bytes: int) -> Run:
    """Write a run of the bundled sample with one large file, or with large display files; else it has none of these."""
    storage = open_corpus(None)
    run = summarised_runs(storage, "lite")[0]
    files = read_run(storage, run)
    files[STATE] = states_of(files)
    (root / run.folder).mkdir(parents=True)
    inputs = []
    large = DISPLAY_FILES if giant == DISPLAY else (giant,)
    n_copies = n_bytes // sum(len(files[name]) for name in large) + 1
    state = () if giant == DISPLAY else (STATE,)
    for name in sorted({"run_spec.json", "scenario.json", "stats.json", STATS, *state, *large}):
        path = root / run.folder / name
        with path.open("wb") as file:
            file.writelines(_grown(name, files[name], n_copies if name in large else 1))
        with path.open("rb") as file:
            inputs.append(Input(name, path.stat().st_size, "", hashlib.file_digest(file, "md5").hexdigest()))
    return replace(run, inputs=tuple(inputs))


def states_of(files: Mapping[str, bytes]) -> bytes:
    """Make the list in scenario_state.json from a run's display files, which hold a part of the list."""
    instances, predictions, requests = (
        json.loads(files[name]) for name in ("instances.json", "display_predictions.json", "display_requests.json")
    )
    by_id = {instance["id"]: instance for instance in instances if "perturbation" not in instance}
    states = []
    for prediction, request in zip(predictions, requests, strict=True):
        tokens = [{"text": word, "logprob": -0.1234567890123456} for word in request["request"]["prompt"].split(" ")]
        completion = {"text": prediction["predicted_text"], "logprob": -12.5, "tokens": tokens}
        states.append(
            {
                "instance": by_id[prediction["instance_id"]],
                "train_trial_index": prediction["train_trial_index"],
                "request": request["request"],
                "request_mode": "original",
                "result": {"success": True, "completions": [completion], "request_time": 0.25, "cached": False},
            }
        )
    return json.dumps(states, indent=2).encode()


def _grown(name: str, raw: bytes, n_copies: int) -> Iterator[bytes]:
    if name == STATE:
        yield b'{"adapter_spec": {}, "request_states": '
        yield from repeat(raw, "id", n_copies)
        yield b', "annotator_specs": []}'
    elif name in ID_FIELDS:
        yield from repeat(raw, ID_FIELDS[name], n_copies)
    else:
        yield raw


if __name__ == "__main__":
    main()
