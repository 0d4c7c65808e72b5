"""Small HELM roots that tests can change, and storages that record the requests to them."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

from every_eval.errors import ConfigurationError
from every_eval.network.content import Digested
from every_eval.storage.archive import HELM_SAMPLE
from every_eval.storage.folder import FolderStorage
from every_eval.storage.storage import Storage, StoredObject
from every_eval.storage.wrapped import WrappedStorage
from every_eval_tests.helm_root import HelmRoot, edit

MMLU = "mmlu:subject={},method=multiple_choice_joint,{},eval_split=test,groups=mmlu_{}"
ALGEBRA, ANATOMY = "abstract_algebra", "anatomy"
YI, GPT, CLAUDE = "model=01-ai_yi-34b", "model=openai_gpt-4-0613", "model=anthropic_claude-2.1"


def mmlu_run(subject: str, model: str) -> str:
    """Return the name of a run of the sample's benchmark mmlu."""
    return MMLU.format(subject, model, subject)


RUNS = (("v1.0.0", mmlu_run(ALGEBRA, YI)), ("v1.0.0", mmlu_run(ANATOMY, GPT)), ("v1.1.0", mmlu_run(ALGEBRA, CLAUDE)))
"""Suite and name of each run of the small root: real runs, reduced to three instances."""


def add_run(root: HelmRoot, suite: str, original: str, name: str) -> None:
    """Copy the run `original` under another name, and add the copy to the newest release's index."""
    root.copy_run("mmlu", suite, original, suite, name)
    root.index_run("mmlu", "v1.1.0", suite, name)


def small_root(path: Path) -> HelmRoot:
    """Write a root with two releases of mmlu over two suites to `path`."""
    root = HelmRoot(path)
    with ZipFile(HELM_SAMPLE) as archive:
        for name in archive.namelist():
            if name.startswith(("config/", "mmlu/benchmark_output/releases/")) or _is_of_a_run(name):
                archive.extract(name, path)
    for folder in root.runs():
        keep_instances(folder, slice(3))
    for release in ("v1.0.0", "v1.1.0"):
        _keep_runs(root.output("mmlu") / "releases" / release, {name for suite, name in RUNS if suite <= release})
    return root


def _keep_runs(index: Path, kept: set[str]) -> None:
    def of_kept(suites: dict[str, str]) -> dict[str, str]:
        return {name: suite for name, suite in suites.items() if name in kept}

    edit(index / "runs_to_run_suites.json", of_kept)
    edit(index / "run_specs.json", lambda specs: [spec for spec in specs if spec["name"] in kept])


def keep_instances(folder: Path, rows: slice) -> None:
    """Keep only these instances of a run, as if HELM had been run on them alone."""
    kept = [instance["id"] for instance in json.loads((folder / "instances.json").read_bytes())[rows]]
    for file in ("instances", "display_predictions", "display_requests", "per_instance_stats"):
        edit(
            folder / f"{file}.json",
            lambda items: [item for item in items if item.get("instance_id", item.get("id")) in kept],
        )
    edit(folder / "stats.json", lambda stats: [_counting_kept(stat, folder) for stat in stats])


def _counting_kept(stat: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a statistic of stats.json, with the number of instances that are kept if it is that number."""
    name = stat["name"]
    if name["name"] != "num_instances" or not stat["count"]:
        return stat
    instances = json.loads((folder / "instances.json").read_bytes())
    n_kept = sum(
        one["split"] == name["split"] and one.get("perturbation") == name.get("perturbation") for one in instances
    )
    return stat | dict.fromkeys(("sum", "mean", "min", "max"), n_kept * 1.0) | {"sum": n_kept * stat["count"] * 1.0}


def _is_of_a_run(name: str) -> bool:
    return any(name.startswith(f"mmlu/benchmark_output/runs/{suite}/{run}/") for suite, run in RUNS)


@dataclass
class WatchedStorage(WrappedStorage):
    """A storage that records every object that is read, and can refuse to list."""

    storage: Storage
    can_list: bool = True
    read_names: list[str] = field(default_factory=list)

    @property
    def read_runs(self) -> list[str]:
        """Names of the input files of runs that were read."""
        return [name for name in self.read_names if name.count("/") > 4 and "/runs/" in name]

    def list(self, prefix: str) -> Iterator[StoredObject]:
        self._require_listing()
        return self.storage.list(prefix)

    def list_folders(self, prefix: str) -> Sequence[str]:
        self._require_listing()
        return self.storage.list_folders(prefix)

    def _require_listing(self) -> None:
        if not self.can_list:
            raise ConfigurationError("no listing")

    def read(self, name: str, witness: str | None = None) -> bytes:
        self.read_names.append(name)
        return self.storage.read(name, witness)

    def read_if_changed(self, name: str, witness: str | None) -> tuple[str, bytes] | None:
        self.read_names.append(name)
        return self.storage.read_if_changed(name, witness)

    def open(self, name: str, witness: str | None = None, md5: str | None = None) -> IO[bytes]:
        self.read_names.append(name)
        return self.storage.open(name, witness, md5)

    def read_range(self, name: str, start: int, stop: int, witness: str | None = None) -> bytes:
        self.read_names.append(name)
        return self.storage.read_range(name, start, stop, witness)

    def open_digested(self, name: str, witness: str) -> Digested:
        self.read_names.append(name)
        return self.storage.open_digested(name, witness)


class RemoteFolder(FolderStorage):
    """A folder that claims to be on a network."""

    @property
    def is_remote(self) -> bool:
        return True


def zipped(root: HelmRoot, path: Path) -> Path:
    """Write the files of `root` into a zip archive, and return its path."""
    with ZipFile(path, "w") as archive:
        for file in sorted(root.path.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(root.path).as_posix())
    return path


def rewrite(file: Path, change: Callable[[bytes], bytes]) -> None:
    """Replace the content of a file by what `change` returns for it."""
    file.write_bytes(change(file.read_bytes()))


def touch(root: HelmRoot) -> None:
    """Write every file of each run again without a change."""
    for folder in root.runs():
        for file in folder.iterdir():
            rewrite(file, lambda raw: raw)


def load(file: Path) -> object:
    """Decode the JSON in a file."""
    return json.loads(file.read_bytes())
