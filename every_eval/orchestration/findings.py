"""What checks found: one way from a finding to the check in Dagster, the log, the exit status and the alert.

| finding | check | log | exit status | alert |
|---|---|---|---|---|
| a fault that nobody has acknowledged | failed, severity ERROR | the failure of the step | 1 | with the failure, once |
| a warning | failed, severity WARN | WARNING | 0 | once |
| an acknowledged fault, or nothing compared | failed, severity WARN | WARNING | 0 | |
| anything else | passed | | 0 | |

Each result in Dagster's own storage lists the faults and warnings that were found; what the newest result before does
not list is new. That storage is the one place that all machines of a deployment share and that needs
no commit. If it is lost, whatever stands alerts once more.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

import dagster as dg

from every_eval.orchestration.acknowledged import Acknowledged, FaultKey, Value, file_name, read_acknowledged
from every_eval.orchestration.alerts import Alert, send
from every_eval.orchestration.asset_keys import CheckName
from every_eval.orchestration.step_failures import Action, Explanation, failure
from every_eval.orchestration.time_limit import Context
from every_eval.settings import AlertSettings, read_settings

MAX_TEXTS: Final = 5
"""Number of faults that a description or a line of the log names."""
MAX_ENTRIES: Final = 50
"""Number of entries for the file of acknowledged faults that the log prints, if a failure cannot print them all."""
MAX_SHOWN: Final = 3
"""Number of faults that a failure prints, each with its entry: people need its end on one screen."""
KNOWN: Final = "known"
"""Metadata of a check's result: digests of what people have been told."""
RESULTS: Final = 10
"""Number of records of a check in which its newest result is looked for: a run that begins adds one without any."""


@dataclass(frozen=True)
class Fault:
    """A fault of what is published, which stays until somebody mends or acknowledges it."""

    place: str
    ours: Value
    reported: Value
    text: str
    """What is wrong and where: a sentence without its full stop."""

    @property
    def values(self) -> tuple[str, Value, Value]:
        """The place and both values."""
        return self.place, self.ours, self.reported


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    asset: dg.AssetKey
    check: CheckName
    meaning: str
    """What holds if the check passes."""
    n_compared: int
    compared: str
    """What was compared, in the plural, for example `statistics`."""
    faults: Sequence[Fault] = ()
    failures: Sequence[str] = ()
    """What went wrong in this run, in sentences: the step names it among its problems; nobody can acknowledge it."""
    warnings: Sequence[str] = ()
    """Sentences about what people should know, and what is no fault."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    partition: str | None = None
    """Shard that the finding is about; null if it is about all that is published."""

    @property
    def name(self) -> str:
        """Name of the check in messages and in the file of acknowledged faults."""
        return check_name(self.asset, self.check)

    def key(self, fault: Fault) -> FaultKey:
        """Return what identifies a fault."""
        return FaultKey(self.name, *fault.values)


def check_name(asset: dg.AssetKey, check: CheckName) -> str:
    """Return the name of a check in messages and in the file of acknowledged faults."""
    return f"{asset.to_user_string()} {check}"


def finite(value: float | None) -> Value:
    """Return a number as a value of a fault; a number that is not finite as a text, which JSON and YAML can hold."""
    return value if value is None or math.isfinite(value) else str(value)


def evaluation(finding: Finding) -> dg.AssetCheckEvaluation:
    """Return the result of a check of which nothing is acknowledged."""
    return _Judged.of(finding, Acknowledged()).evaluation()


@dataclass(frozen=True)
class _Judged:
    """A finding, with what somebody acknowledged of it."""

    finding: Finding
    open: Sequence[Fault]
    acknowledged: Mapping[FaultKey, tuple[Fault, str]]
    """Faults that somebody acknowledged, each with the reason."""

    @classmethod
    def of(cls, finding: Finding, entries: Acknowledged) -> "_Judged":
        reasons = {finding.key(fault): (fault, entries.reason(finding.key(fault))) for fault in finding.faults}
        accepted = {key: (fault, reason) for key, (fault, reason) in reasons.items() if reason is not None}
        return cls(finding, [fault for fault in finding.faults if finding.key(fault) not in accepted], accepted)

    @property
    def is_empty(self) -> bool:
        return not (self.finding.n_compared or self.finding.faults or self.finding.failures)

    @property
    def warnings(self) -> list[str]:
        accepted = [f"{fault.text}. This is acknowledged: {reason}." for fault, reason in self.acknowledged.values()]
        return [*accepted[:MAX_TEXTS], *_more(accepted, "acknowledged faults"), *self.finding.warnings]

    @property
    def digests(self) -> list[str]:
        """Digests of the faults that nobody acknowledged, and of the finding's own warnings."""
        return [*(self.finding.key(fault).digest for fault in self.open), *map(_digest, self.finding.warnings)]

    def evaluation(self) -> dg.AssetCheckEvaluation:
        finding = self.finding
        texts = [f"{fault.text}." for fault in self.open]
        texts += finding.failures
        compared = f"Compared: {finding.n_compared:,} {finding.compared}."
        found = [*texts[:MAX_TEXTS], *_more(texts, "faults"), *self.warnings]
        found += ["Nothing was compared."] if self.is_empty else []
        return dg.AssetCheckEvaluation(
            asset_key=finding.asset,
            check_name=finding.check.of_shard if finding.partition else finding.check.value,
            partition=finding.partition,
            passed=not found,
            severity=dg.AssetCheckSeverity.ERROR if texts else dg.AssetCheckSeverity.WARN,
            metadata={
                "compared": finding.n_compared,
                "n_faults": len(finding.faults),
                "n_acknowledged": len(self.acknowledged),
                **finding.metadata,
                KNOWN: dg.MetadataValue.json(self.digests),
            },
            description=" ".join([*(found or [finding.meaning]), compared]),
        )


@dataclass(frozen=True)
class Report:
    """The faults that a step found and nobody acknowledged; a step that has some fails."""

    faults: Mapping[FaultKey, str] = field(default_factory=dict)
    """What is wrong, by fault."""
    n_new: int = 0
    """Number of these faults that no earlier run has found."""

    def __or__(self, other: "Report") -> "Report":
        """Return the faults of both."""
        return Report({**self.faults, **other.faults}, self.n_new + other.n_new)

    def raise_for(self, context: Context, problems: Mapping[str, Explanation] | None = None) -> None:
        """Fail the step if there are faults, or other problems of this run.

        Args:
            context: Context of the step.
            problems: What else went wrong, by the name of what has the problem. Such problems are always new.

        Raises:
            Failure: the description names the problems, and has the entries that acknowledge the faults.
        """
        named = sorted((problems or {}).items())
        if not named and not self.faults:
            return
        firsts = list({key.check: key for key in reversed(list(self.faults))}.values())  # one of each check
        keys = [*firsts, *(key for key in self.faults if key not in firsts)]
        entries = [key.entry() for key in keys]
        if len(entries) > MAX_SHOWN:
            lines = [*entries[:MAX_ENTRIES], *_more(entries, "faults", MAX_ENTRIES)]
            context.log.error("\n".join([f"Entries for {file_name()}, to accept faults that nobody can mend:", *lines]))
        advice = (
            "Look at these places at the source. To accept a fault that nobody can mend, add its entry, with the "
            f"reason, to {file_name()}:"
        )
        advice = "\n".join([*_more(entries, "faults", MAX_SHOWN), advice, *entries[:MAX_SHOWN]])
        names = dict.fromkeys([*(name for name, _ in named[:MAX_TEXTS]), *(key.check for key in self.faults)])
        shown = [(key.check, Explanation(f"{self.faults[key]}.", Action.LOOK, advice)) for key in keys[:MAX_SHOWN]]
        n = len(problems or {}) + len(self.faults)
        title = f"{n} {'problem' if n == 1 else 'problems'} ({', '.join(names)}); everything else is published."
        raise failure(title, [*named, *shown], is_new=bool(problems) or self.n_new > 0)


def report(context: Context, findings: Iterable[Finding]) -> Report:
    """Log the result of each check as an event, and its warnings; return the faults for which the step has to fail."""
    entries = read_acknowledged()
    judged = [_Judged.of(finding, entries) for finding in findings]
    faults: dict[FaultKey, str] = {}
    n_new, told = 0, list[str]()
    for item in judged:
        if item.finding.partition is None:
            known = _known(context.instance, item.finding)
            opened = {item.finding.key(fault): fault.text for fault in item.open}
            n_new += sum(key.digest not in known for key in opened)
            faults |= opened
            for warning in item.warnings:
                context.log.warning(f"{item.finding.name}: {warning}")
            told += [f"{item.finding.name}: {text}" for text in item.finding.warnings if _digest(text) not in known]
        context.log_event(item.evaluation())  # type: ignore[arg-type] # Dagster logs check results too
    for line in chain(_nothing_compared(judged), _unmatched(judged, entries)):
        context.log.warning(line)
    if told:
        page = f"{read_settings(AlertSettings).ui_url.rstrip('/')}/runs/{context.run.run_id}"
        send(Alert(f"{context.run.job_name} found something new to look at", told, page), context.log.warning)
    return Report(faults, n_new)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _known(instance: dg.DagsterInstance, finding: Finding) -> set[str]:
    """Return the digests of the faults and warnings that the newest result of the check lists."""
    storage, key = instance.event_log_storage, dg.AssetCheckKey(finding.asset, finding.check.value)
    for record in storage.get_asset_check_execution_history(key, limit=RESULTS):
        event = record.event and record.event.dagster_event
        if event and event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            listed: Any = event.asset_check_evaluation_data.metadata.get(KNOWN)
            return set(listed.value) if listed else set()
    return set()


def _nothing_compared(judged: Iterable[_Judged]) -> Iterator[str]:
    names = [item.finding.name for item in judged if item.is_empty and item.finding.partition is None]
    if names:
        yield f"Nothing was compared by {', '.join(names)}: these checks say nothing about what is published."


def _unmatched(judged: Sequence[_Judged], entries: Acknowledged) -> Iterator[str]:
    findings = [item.finding for item in judged if item.finding.partition is None]
    found = (finding.key(fault) for finding in findings for fault in finding.faults)
    for entry in entries.unmatched((finding.name for finding in findings), found):
        yield (
            f"{file_name()} acknowledges what was not found: {entry.check}, {entry.place}, ours {entry.ours}, reported "
            f"{entry.reported}. Remove the entry, or correct its values."
        )


def _more(texts: Sequence[str], of: str, shown: int = MAX_TEXTS) -> list[str]:
    return [f"And {len(texts) - shown:,} more {of}."] if len(texts) > shown else []
