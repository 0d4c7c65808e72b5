"""Order releases and suites by age: by their names where these count, else by the dates that HELM states."""

import re
from collections.abc import Callable, Iterable, Sequence

from packaging.version import InvalidVersion, Version

_NUMBER = re.compile(r"\d+")


def oldest_first(names: Iterable[str], date_of: Callable[[str], str]) -> Sequence[str]:
    """Return names of releases or suites, the oldest first.

    Names that are all versions, or that differ in their numbers alone, are ordered by these: v10 comes after v9. Other
    names tell nothing of their age. They are ordered by their dates, those without a date first, and then by version.

    Args:
        names: The names.
        date_of: Returns the date of a name as YYYY-MM-DD, an empty text if unknown; asked only where names do not tell.
    """
    known = sorted(names)
    if None not in map(_version, known):
        return sorted(known, key=_by_version)
    if len({_NUMBER.sub("#", name) for name in known}) == 1:
        return sorted(known, key=lambda name: [int(number) for number in _NUMBER.findall(name)])
    return sorted(known, key=lambda name: (date_of(name), _by_version(name)))


def _by_version(name: str) -> tuple[bool, Version]:
    version = _version(name)
    return version is not None, version or Version("0")


def _version(name: str) -> Version | None:
    try:
        return Version(name)
    except InvalidVersion:
        return None
