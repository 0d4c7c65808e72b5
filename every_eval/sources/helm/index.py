"""A release's index, or a suite's own: what it says of runs, and the tables that it shows."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, TypeVar

import msgspec
from packaging.version import InvalidVersion, Version

from every_eval.errors import UpstreamMalformed
from every_eval.sources.decoding import UNREADABLE
from every_eval.sources.helm.layout import checked, folders
from every_eval.sources.helm.published import PublishedCell, parse_group
from every_eval.sources.helm.reading.records import RunSpec
from every_eval.sources.helm.schema import Schema, decode_schema
from every_eval.storage.storage import Storage

T = TypeVar("T")

N_AHEAD = 8
"""Tables that are read before they are asked for."""

_GROUP_FILE = re.compile(r"groups/(?P<group>[^/]+)\.json")


class _Project(msgspec.Struct):
    id: str
    releases: list[str] = []


class _Summary(msgspec.Struct):
    suites: Annotated[list[str], msgspec.Meta(min_length=1)]


@dataclass(frozen=True)
class Index:
    """The index in one folder, its files read when they are asked for."""

    storage: Storage
    folder: str
    """With its final slash."""
    name: str
    is_release: bool
    suites: Sequence[str]

    @cached_property
    def runs(self) -> Mapping[str, str]:
        """The suite of each run name that the index shows; the latest where it states none, as before HELM 0.2.4."""
        stated = read_json(self.storage, self.folder + "runs_to_run_suites.json", dict[str, str])
        return dict.fromkeys(self.specs, self.suites[-1]) if stated is None else stated

    @cached_property
    def specs(self) -> Mapping[str, RunSpec]:
        """The specifications by run name; empty if the index has none."""
        specs = read_json(self.storage, self.folder + "run_specs.json", list[RunSpec]) or []
        return {spec.name: spec for spec in specs}

    @cached_property
    def schema_json(self) -> str | None:
        """schema.json as text; releases before HELM 0.4.0 have none."""
        raw = read(self.storage, self.folder + "schema.json")
        with explaining(self.storage, self.folder + "schema.json"):
            return None if raw is None else raw.decode()

    @cached_property
    def schema(self) -> Schema | None:
        """schema.json, decoded; null if there is none."""
        with explaining(self.storage, self.folder + "schema.json"):
            return None if self.schema_json is None else decode_schema(self.schema_json.encode())

    def cells(self) -> Iterator[PublishedCell]:
        """Every cell of the group tables, group by group in the order of their names."""
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
    """An object's bytes; null if there is no such object."""
    try:
        return storage.read(name)
    except FileNotFoundError:
        return None


def read_each(storage: Storage, names: Iterable[str]) -> Iterator[bytes | None]:
    """The same of several objects, in their order; some of them are read before they are asked for."""
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
    """Turn what decoding the object raises into an `UpstreamMalformed` that says where it is and what to do."""
    try:
        yield
    except (*UNREADABLE, UpstreamMalformed) as error:
        where = f"{storage.location}/{name}"
        raise UpstreamMalformed(f"{where} cannot be read ({error}); fetch it again, or ask its owner to") from error


def read_json(storage: Storage, name: str, kind: type[T]) -> T | None:
    """An object decoded; null if there is no such object.

    Raises:
        UpstreamMalformed: it is not JSON, or not of that type.
    """
    raw = read(storage, name)
    with explaining(storage, name):
        return None if raw is None else msgspec.json.decode(raw, type=kind)


def find_indexes(storage: Storage, benchmark: str, output: str) -> list[Index]:
    """The releases of a project, oldest first, then the suites that were summarised by themselves."""
    releases = []
    for name in reversed(release_names(storage, benchmark, output)):
        folder = f"{output}releases/{name}/"
        summary = read_json(storage, folder + "summary.json", _Summary)
        if summary is not None:
            suites = tuple(checked(suite, folder + "summary.json") for suite in summary.suites)
            releases.append(Index(storage, folder, name, True, suites))
    return releases + [
        Index(storage, f"{output}runs/{suite}/", suite, False, (suite,))
        for suite in (folders(storage, f"{output}runs/") if storage.can_list else ())
        if storage.stat(f"{output}runs/{suite}/summary.json") is not None
    ]


def release_names(storage: Storage, benchmark: str, output: str) -> Sequence[str]:
    """Releases, newest first: by the root's metadata, else by their versions."""
    metadata = "config/project_metadata.json"
    for project in read_json(storage, metadata, list[_Project]) or []:
        if project.id == benchmark:
            return [checked(name, metadata) for name in dict.fromkeys(project.releases)]
    return sorted(folders(storage, f"{output}releases/"), key=_version, reverse=True) if storage.can_list else []


def _version(name: str) -> tuple[bool, Version, str]:
    """Orders versions by their numbers, before them names that are no version."""
    try:
        return (True, Version(name), name)
    except InvalidVersion:
        return (False, Version("0"), name)
