"""Peak memory of a process that reads a giant run: scenario_state.json of 2 GB, or per_instance_stats.json of 1 GB.

    python -m benchmarks.memory [--folder FOLDER] [--state-mb N] [--stats-mb N]

The files are written to the folder, one after the other, and removed.
"""

import argparse
import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks.enlarging import open_corpus, read_run, repeat, summarised_runs
from benchmarks.measuring import peak_mib, show
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.inputs import open_input
from every_eval.sources.source import Input, Run
from every_eval.sources.spool import spool
from every_eval.storage.folder import FolderStorage

STATE, STATS = "scenario_state.json", "per_instance_stats.json"


def main() -> None:
    """Print both peaks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="default: a temporary one")
    parser.add_argument("--state-mb", type=int, default=2000, help="0 for none")
    parser.add_argument("--stats-mb", type=int, default=1000, help="0 for none")
    options = parser.parse_args()
    for giant, size in ((STATE, options.state_mb), (STATS, options.stats_mb)):
        if not size:
            continue
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            run = write_giant(Path(folder) / "root", giant, size * 1_000_000)
            show(f"{giant} of {size} MB: at most {peak_mib(read, Path(folder), run):.0f} MiB")
    show(f"a process that has only been started: {peak_mib(nothing):.0f} MiB")


def read(folder: Path, run: Run) -> None:
    """What a worker does with a run."""
    files = partial(open_input, FolderStorage(folder / "root"), run)
    spool(HelmSource().read(run, files), folder / "rows")


def nothing() -> None:
    """What a worker does without a run."""


def write_giant(root: Path, giant: str, n_bytes: int) -> Run:
    """A run of the bundled sample of which one file is large, and without the files for display."""
    storage = open_corpus(None)
    run = summarised_runs(storage, "lite")[0]
    files = read_run(storage, run)
    files[STATE] = states_of(files)
    (root / run.folder).mkdir(parents=True)
    inputs = []
    for name in sorted({"run_spec.json", "scenario.json", "stats.json", STATS, STATE}):
        n_copies = n_bytes // len(files[name]) + 1 if name == giant else 1
        path = root / run.folder / name
        with path.open("wb") as file:
            file.writelines(_grown(name, files[name], n_copies))
        with path.open("rb") as file:
            inputs.append(Input(name, path.stat().st_size, "", hashlib.file_digest(file, "md5").hexdigest()))
    return replace(run, inputs=tuple(inputs))


def states_of(files: Mapping[str, bytes]) -> bytes:
    """The list in scenario_state.json that a run's files for display were made from, but for what they lack."""
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
    elif name == STATS:
        yield from repeat(raw, "instance_id", n_copies)
    else:
        yield raw


if __name__ == "__main__":
    main()
