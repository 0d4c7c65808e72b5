"""The index of a release or of a suite: the runs that it shows, and its published group tables."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, TypeVar

import msgspec

from every_eval.errors import UpstreamMalformed
from every_eval.sources.decoding import UNREADABLE
from every_eval.sources.helm.discovery.ordering import oldest_first
from every_eval.sources.helm.layout import checked, folders
from every_eval.sources.helm.published_cells import PublishedCell, parse_group
from every_eval.sources.helm.reading.records import RunSpec
from every_eval.sources.helm.schema import ReleaseSchema, decode_schema
from every_eval.storage.storage import Storage

T = TypeVar("T")

N_AHEAD = 8
"""Number of table files that are requested in advance."""

METADATA = "config/project_metadata.json"
"""Names the projects of a root, with the releases of each, the newest first."""
OUTPUT = "benchmark_output"
"""Folder with the output of a project."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_GROUP_FILE = re.compile(r"groups/(?P<group>[^/]+)\.json")


class _ProjectReleases(msgspec.Struct):
    id: str
    releases: list[str] = []


class _Summary(msgspec.Struct):
    suites: Annotated[list[str], msgspec.Meta(min_length=1)]
    date: Any = None


class _Dated(msgspec.Struct):
    date: str | None = None


@dataclass(frozen=True)
class Index:
    """The index in one folder; each of its files is read when it is first needed."""

    storage: Storage
    folder: str
    """Path of the folder from the storage's root, with a slash at its end."""
    name: str
    """Name of the release or suite."""
    is_release: bool
    """Whether the folder is that of a release, not of a suite."""
    suites: Sequence[str]
    """Suites of the release, the latest last."""
    date: str | None = None
    """Date on which HELM summarised the release, as YYYY-MM-DD; null if it is not stated."""

    @cached_property
    def runs(self) -> Mapping[str, str]:
        """Suite of each run that the index shows; the latest suite if the index states none, as before HELM 0.2.4."""
        stated = read_json(self.storage, self.folder + "runs_to_run_suites.json", dict[str, str])
        return dict.fromkeys(self.specs, self.suites[-1]) if stated is None else stated

    @cached_property
    def specs(self) -> Mapping[str, RunSpec]:
        """Specification of each run, by its name; empty if the index has none."""
        specs = read_json(self.storage, self.folder + "run_specs.json", list[RunSpec]) or []
        return {spec.name: spec for spec in specs}

    @cached_property
    def schema_json(self) -> str | None:
        """Content of schema.json; null for releases before HELM 0.4.0, which have none."""
        raw = read(self.storage, self.folder + "schema.json")
        with explaining(self.storage, self.folder + "schema.json"):
            return None if raw is None else raw.decode()

    @cached_property
    def schema(self) -> ReleaseSchema | None:
        """schema.json, decoded; null if there is none."""
        with explaining(self.storage, self.folder + "schema.json"):
            return None if self.schema_json is None else decode_schema(self.schema_json.encode())

    def cells(self) -> Iterator[PublishedCell]:
        """Yield every cell of the published group tables, by group in the order of the groups' names."""
        files = {f"{self.folder}groups/{group}.json": group for group in self._groups()}
        for (file, group), raw in zip(files.items(), read_each(self.storage, files), strict=True):
            with explaining(self.storage, file):
                cells = [] if raw is None else parse_group(group, raw)
            yield from cells

    def _groups(self) -> Sequence[str]:
        if not self.storage.can_list:
            return sorted(read_json(self.storage, self.folder + "groups_metadata.json", dict[str, msgspec.Raw]) or {})
        names = (item.name.removeprefix(self.folder) for item in self.storage.list(self.folder + "groups/"))
        return sorted(match["group"] for name in names if (match := _GROUP_FILE.fullmatch(name)))


def read(storage: Storage, name: str) -> bytes | None:
    """Return the bytes of an object; null if there is no such object."""
    try:
        return storage.read(name)
    except FileNotFoundError:
        return None


def read_each(storage: Storage, names: Iterable[str]) -> Iterator[bytes | None]:
    """Yield the bytes of several objects in their order, and request some of them in advance."""
    waiting: deque[Future[bytes | None]] = deque()
    with ThreadPoolExecutor(N_AHEAD) as threads:
        for name in names:
            waiting.append(threads.submit(read, storage, name))
            if len(waiting) == N_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def explaining(storage: Storage, name: str) -> Iterator[None]:
    """Turn a decoding error into an `UpstreamMalformed` that says which object it is and what to do."""
    try:
        yield
    except (*UNREADABLE, UpstreamMalformed) as error:
        where = f"{storage.location}/{name}"
        raise UpstreamMalformed(
            f"{where} cannot be read: {error}. To repair the file, fetch it again or ask its owner."
        ) from error


def read_json(storage: Storage, name: str, kind: type[T]) -> T | None:
    """Return an object, decoded; null if there is no such object.

    Raises:
        UpstreamMalformed: The object is not JSON, or not of the type.
    """
    raw = read(storage, name)
    with explaining(storage, name):
        return None if raw is None else msgspec.json.decode(raw, type=kind)


def find_indexes(storage: Storage, benchmark: str, output: str) -> list[Index]:
    """Return the indexes of a project: its releases, oldest first, then suites that have an index of their own.

    Suites come oldest first too. If the storage cannot be listed, names in the root's metadata that are not those of
    releases are tried as suites: projects without releases name their suites there.
    """
    names = list(reversed(release_names(storage, benchmark, output)))
    releases = []
    for name in names:
        folder = f"{output}releases/{name}/"
        summary = read_json(storage, folder + "summary.json", _Summary)
        if summary is not None:
            suites = tuple(checked(suite, folder + "summary.json") for suite in summary.suites)
            releases.append(Index(storage, folder, name, True, suites, _date(summary.date)))
    of_releases = {index.name for index in releases}
    candidates = (
        suite_names(storage, output) if storage.can_list else [name for name in names if name not in of_releases]
    )
    return releases + [
        Index(storage, f"{output}runs/{suite}/", suite, False, (suite,))
        for suite in candidates
        if storage.stat(f"{output}runs/{suite}/summary.json") is not None
    ]


def _date(stated: object) -> str | None:
    return stated if isinstance(stated, str) and _DATE.fullmatch(stated) else None


def project_names(storage: Storage) -> Sequence[str]:
    """Return the ids of all projects in the root's metadata; without metadata, the folders that have HELM's output."""
    projects = _projects(storage)
    if projects is not None:
        return [checked(name, METADATA) for name in dict.fromkeys(project.id for project in projects)]
    listed = storage.list_folders("") if storage.can_list else ()
    return [name for name in listed if OUTPUT in storage.list_folders(f"{name}/")]


def release_names(storage: Storage, benchmark: str, output: str) -> Sequence[str]:
    """Return the names of the releases, newest first: by the root's metadata, else by their versions or dates."""
    for project in _projects(storage) or []:
        if project.id == benchmark:
            return [checked(name, METADATA) for name in dict.fromkeys(project.releases)]
    return _newest_last(storage, f"{output}releases/")[::-1] if storage.can_list else []


def suite_names(storage: Storage, output: str) -> Sequence[str]:
    """Return the names of the suites in a storage that can be listed, oldest first."""
    return _newest_last(storage, f"{output}runs/")


def _projects(storage: Storage) -> list[_ProjectReleases] | None:
    return read_json(storage, METADATA, list[_ProjectReleases])


def _newest_last(storage: Storage, prefix: str) -> Sequence[str]:
    def date_of(name: str) -> str:
        stated = read_json(storage, f"{prefix}{name}/summary.json", _Dated)
        return (stated and stated.date) or ""

    return oldest_first(folders(storage, prefix), date_of)
