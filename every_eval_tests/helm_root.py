"""A folder of HELM output that tests can change: the bundled sample, unpacked."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from every_eval.storage.archive import HELM_SAMPLE


@dataclass(frozen=True)
class HelmRoot:
    """A folder of HELM output."""

    path: Path

    @classmethod
    def unpack(cls, path: Path) -> "HelmRoot":
        """Unpack the bundled sample into the folder `path`."""
        with ZipFile(HELM_SAMPLE) as archive:
            archive.extractall(path)
        return cls(path)

    def output(self, benchmark: str) -> Path:
        """Return the folder `benchmark_output` of a project."""
        return self.path / benchmark / "benchmark_output"

    def run(self, benchmark: str, suite: str, name: str) -> Path:
        """Return the folder of a run."""
        return self.output(benchmark) / "runs" / suite / name

    def runs(self) -> list[Path]:
        """Return the folders of all runs, of all benchmarks and suites."""
        return sorted(spec.parent for spec in self.path.glob("*/benchmark_output/runs/*/*/run_spec.json"))

    def copy_run(self, benchmark: str, suite: str, name: str, other_suite: str, other_name: str) -> Path:
        """Copy a run to another suite and name, and return the folder of the copy."""
        folder = self.run(benchmark, other_suite, other_name)
        shutil.copytree(self.run(benchmark, suite, name), folder)
        edit(folder / "run_spec.json", lambda spec: spec | {"name": other_name})
        return folder

    def index_run(self, benchmark: str, release: str, suite: str, name: str) -> None:
        """Add a run to a release's index, and the run's specification if it has one."""
        index = self.output(benchmark) / "releases" / release
        edit(index / "runs_to_run_suites.json", lambda suites: suites | {name: suite})
        spec = self.run(benchmark, suite, name) / "run_spec.json"
        if spec.exists():
            edit(index / "run_specs.json", lambda specs: [*specs, json.loads(spec.read_text())])

    def add_release(self, benchmark: str, original: str, name: str) -> None:
        """Add a copy of the release `original` as the newest release."""
        releases = self.output(benchmark) / "releases"
        shutil.copytree(releases / original, releases / name)
        edit(releases / name / "summary.json", lambda summary: summary | {"release": name})

        def newest(projects: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [
                project | {"releases": [name, *project["releases"]]} if project["id"] == benchmark else project
                for project in projects
            ]

        edit(self.path / "config" / "project_metadata.json", newest)


def edit(file: Path, change: Callable[[Any], Any]) -> None:
    """Replace the JSON in a file by the result of `change`."""
    file.write_text(json.dumps(change(json.loads(file.read_text())), indent=2))
