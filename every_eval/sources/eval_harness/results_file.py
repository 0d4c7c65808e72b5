"""Decode a results file of any version of lm-eval, field by field, so that an odd field costs only that field."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args, get_origin

import msgspec

from every_eval.contracts.rejects import Reason
from every_eval.sources.decoding import decode_object
from every_eval.sources.eval_harness.results import Results
from every_eval.sources.source import Reject

_OURS: Final = frozenset({"has_filters", "odd_fields"})
"""Fields of `Results` that no file has."""
_FIELDS: Final = tuple(item for item in msgspec.structs.fields(Results) if item.name not in _OURS)
_BEFORE_0_4: Final = "0.3 or older"


def decode_results(raw: bytes, file: str) -> Results | Reject:
    """Decode a results file; `file` is its name. A file that is not a results file is a reject."""
    content = decode_object(raw, dict[str, Any], file)
    if isinstance(content, Reject):
        return content
    reason = _why_foreign(content)
    return Reject(Reason.UNEXPECTED_SHAPE, reason, file) if reason else _Decoder(content, file).results()


def _why_foreign(content: Mapping[str, Any]) -> str | None:
    if not isinstance(content.get("results"), dict):
        return "not a results file of lm-eval: the file has no object `results`"
    if not isinstance(content.get("configs"), dict) and not {"versions", "config"} <= content.keys():
        return "not a results file of lm-eval: beside `results` it has neither `configs` nor `versions` and `config`"
    return None


class _Decoder:
    """Decoder of the contents of one results file, which collects odd fields."""

    def __init__(self, content: Mapping[str, Any], file: str) -> None:
        self._content = content
        self._file = file
        self._odd: list[Reject] = []
        self._is_old = not isinstance(content.get("configs"), dict)
        version = content.get("lm_eval_version")
        self._version = _BEFORE_0_4 if self._is_old else version if isinstance(version, str) else "0.4"

    def results(self) -> Results:
        found = Results(results={}, has_filters=not self._is_old)
        for item in _FIELDS:
            if item.encode_name in self._content:
                setattr(found, item.name, self._field(item, self._content[item.encode_name]))
        if "group_subtasks" not in self._content:
            found.group_subtasks = _subtasks_by_alias(found)
        if not isinstance(found.config.get("model_args", ""), dict | str):
            self._convert(found.config.pop("model_args"), dict[str, Any] | str, "$.config.model_args")
        found.odd_fields = tuple(self._odd)
        return found

    def _field(self, item: msgspec.structs.FieldInfo, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        place = f"$.{item.encode_name}"
        if get_origin(item.type) is dict and isinstance(value, dict):
            of_entry = get_args(item.type)[1]
            pairs = ((name, self._convert(entry, of_entry, f"{place}[{name!r}]")) for name, entry in value.items())
            return {name: entry for name, entry in pairs if entry is not _ODD}
        converted = self._convert(value, item.type, place)
        if converted is not _ODD:
            return converted
        return {} if get_origin(item.type) is dict else None

    def _convert(self, value: Any, kind: Any, place: str) -> Any:  # noqa: ANN401 - any JSON value
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            detail = f"{error}; the field is left out. Written by lm-eval {self._version}"
            self._odd.append(Reject(Reason.UNEXPECTED_SHAPE, detail, self._file, place))
            return _ODD


_ODD: Final = object()
"""Stands for a value of another type than the format prescribes."""


def _subtasks_by_alias(found: Results) -> dict[str, list[str]]:
    """Return the subtasks of each group of a file before lm-eval 0.4.3, which does not list them.

    Such a file lists a group before its subtasks, and indents their aliases: "mmlu", " - stem", "  - algebra". A name
    without a configuration is a group.
    """
    above: list[tuple[int, str]] = []
    subtasks: dict[str, list[str]] = {}
    for depth, name in _depths(found):
        while above and above[-1][0] >= depth:
            above.pop()
        if above:
            subtasks.setdefault(above[-1][1], []).append(name)
        if name not in found.configs:
            above.append((depth, name))
    return subtasks


def _depths(found: Results) -> Iterator[tuple[int, str]]:
    for name, row in found.results.items() if found.has_filters else ():
        alias = row.get("alias")
        text = alias if isinstance(alias, str) else name
        yield len(text) - len(text.lstrip(" ")), name
