"""Acknowledged faults: a YAML file lists the faults upstream that nobody can mend, each with the reason to accept it.

An entry names the check, the place, both values and the reason:

    - {check: helm/stats reported, place: '…', ours: 0.6, reported: 0.9, reason: "the authors know"}
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from every_eval.contracts.canonical import canonical_json
from every_eval.errors import ConfigurationError
from every_eval.settings import AcknowledgedSettings, SettingProblem, read_settings

VARIABLE: Final = "EVERY_EVAL_ACKNOWLEDGED"
DEFAULT_FILE: Final = "acknowledged.yaml"
"""File in the working directory that is read if the setting is not set."""
MAX_PROBLEMS: Final = 3
"""Number of problems of the file that a message names."""

FIELDS: Final = "check, place, ours, reported and reason"

Value = float | str | None
"""One of the two values of a fault: a number, or a text such as a fingerprint; null if the side has none."""


class FaultKey(NamedTuple):
    """What identifies a fault: if one of its values changes, the fault is another one."""

    check: str
    """Asset and name of the check, for example `helm/stats reported`."""
    place: str
    ours: Value
    reported: Value

    @property
    def digest(self) -> str:
        """Short digest, by which the fault is known again."""
        return hashlib.sha256(canonical_json(list(self)).encode()).hexdigest()[:16]

    def entry(self) -> str:
        """Return the line for the file; a person adds the reason."""
        fields = {**self._asdict(), "reason": ""}
        text = yaml.safe_dump(
            [fields], default_flow_style=None, width=float("inf"), allow_unicode=True, sort_keys=False
        )
        return str(text).strip().removesuffix("''}") + '""}'


class Entry(BaseModel):
    """An entry of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    check: str
    place: str
    ours: float | str | None
    reported: float | str | None
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] = Field(
        description="Why the fault is accepted."
    )

    @property
    def key(self) -> FaultKey:
        """The fault that the entry is about."""
        return FaultKey(self.check, self.place, self.ours, self.reported)


@dataclass(frozen=True)
class Acknowledged:
    """The entries of the file."""

    entries: Sequence[Entry] = ()

    def reason(self, fault: FaultKey) -> str | None:
        """Return why a fault is accepted; null if no entry names it with both of its values."""
        return next((entry.reason for entry in self.entries if entry.key == fault), None)

    def unmatched(self, checks: Iterable[str], faults: Iterable[FaultKey]) -> list[Entry]:
        """Return the entries about one of these checks that name none of the faults that the checks found."""
        of_checks, found = set(checks), set(faults)
        return [entry for entry in self.entries if entry.check in of_checks and entry.key not in found]


def file_name() -> str:
    """Return the path of the file, whether or not the file is there."""
    return read_settings(AcknowledgedSettings).acknowledged or DEFAULT_FILE


def read_acknowledged() -> Acknowledged:
    """Read the file; there are no entries if the setting is not set and the default file is not there.

    Raises:
        ConfigurationError: the file cannot be read, or an entry is malformed.
    """
    found = _read()
    if isinstance(found, SettingProblem):
        raise ConfigurationError(str(found))
    return found


def acknowledged_problems() -> Iterator[SettingProblem]:
    """Yield what is wrong with the file."""
    found = _read()
    if isinstance(found, SettingProblem):
        yield found


def _read() -> Acknowledged | SettingProblem:
    path = Path(file_name())
    if read_settings(AcknowledgedSettings).acknowledged is None and not path.exists():
        return Acknowledged()
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Acknowledged(TypeAdapter(list[Entry]).validate_python([] if content is None else content))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        remedy = f"cannot be read ({reason}): name a YAML file, or remove {VARIABLE}"
    except yaml.YAMLError as error:
        remedy = f"is not YAML ({' '.join(str(error).split())}): correct the file"
    except ValidationError as error:
        problems = list(dict.fromkeys(_problem(details) for details in error.errors()))
        more = f"; and {len(problems) - MAX_PROBLEMS} more" if len(problems) > MAX_PROBLEMS else ""
        remedy = f"has entries that cannot be used: {'; '.join(problems[:MAX_PROBLEMS])}{more}"
    return SettingProblem(VARIABLE, str(path), remedy)


def _problem(details: Mapping[str, Any]) -> str:
    """Say what pydantic found wrong with the content, or with one entry."""
    match details["loc"]:
        case ():
            return f"the file must hold a list, of which each entry has {FIELDS}"
        case (number,):
            return f"entry {number + 1} is not a mapping with {FIELDS}"
        case (number, "reason", *_):
            return f"entry {number + 1} has no reason: write why the fault is accepted"
        case (number, name, *_) if details["type"] == "missing":
            return f"entry {number + 1} has no {name}"
        case (number, name, *_) if details["type"] == "extra_forbidden":
            return f"entry {number + 1} has {name!r}, which is none of {FIELDS}"
        case (number, name, *_):
            return f"entry {number + 1}: {name} is not a text{' or a number' if name in ('ours', 'reported') else ''}"
    raise AssertionError(details)
