"""A lock: at most one run ingests at a time.

Under the daemon, Dagster's run queue holds back further runs, by the runs' tag. This lock also works without a daemon,
as `dagster job execute` starts a run.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import dagster as dg
from filelock import FileLock, Timeout
from pydantic import Field, PrivateAttr

from every_eval.orchestration.time_limit import MAX_RUNTIME_TAG

INGESTS_TAG: Final = "every_eval/ingests"
"""Tag of the runs that ingest, of which one may run at a time."""
UNFINISHED: Final = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


class IngestionLock(dg.ConfigurableResource[None]):
    """A lock that one ingesting run holds at a time.

    A run that executes its steps in its own process locks a file. The operating system frees the lock when the process
    ends, however it ends. Where steps and runs are spread over processes and machines, the file says nothing; such a
    deployment has run monitoring, which ends the records of dead runs, so the lock relies on those records.
    """

    folder: str | None = Field(default=None, description="Folder of the lock file. Default: the Dagster home.")

    _lock: FileLock | None = PrivateAttr(default=None)

    def acquire(self, context: dg.OpExecutionContext) -> None:
        """Hold the lock until the run ends.

        Raises:
            Failure: another run holds the lock.
        """
        if self._lock is not None:  # Dagster retries the step in the run that holds the lock.
            return
        lock = FileLock(Path(self.folder or context.instance.root_directory) / "every_eval_ingestion.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            others = [run for run in ingesting_runs(context.instance) if run != context.run.run_id]
            raise _refusal(others) from None
        earlier = _started_before(context) if context.instance.run_monitoring_enabled else ()
        if earlier:
            lock.release()
            raise _refusal(earlier)
        self._lock = lock

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002 - Dagster's interface
        """Release the lock at the end of the run."""
        if self._lock is not None:
            self._lock.release()


def ingesting_runs(instance: dg.DagsterInstance) -> Sequence[str]:
    """Return the ids of the runs that ingest, or wait to ingest, and are within their time limit."""
    return [record.dagster_run.run_id for record in _records(instance)]


def _started_before(context: dg.OpExecutionContext) -> Sequence[str]:
    """Return the ids of the ingesting runs that began before the context's run."""
    starts = {
        record.dagster_run.run_id: record.start_time
        for record in _records(context.instance)
        if record.start_time is not None
    }
    run_id = context.run.run_id
    own = (starts.pop(run_id, time.time()), run_id)
    return [other for other, start in starts.items() if (start, other) < own]


def _refusal(others: Sequence[str]) -> dg.Failure:
    return dg.Failure(
        f"Another run is ingesting ({', '.join(others) or 'not known to this Dagster instance'}), and only one run may "
        "ingest at a time. This run changed nothing. Launch the job again when the other run has ended; if the other "
        "run is dead and only its record is left, terminate it in the UI.",
        allow_retries=False,
    )


def _records(instance: dg.DagsterInstance) -> Sequence[dg.RunRecord]:
    filters = dg.RunsFilter(tags={INGESTS_TAG: "true"}, statuses=UNFINISHED)
    return [record for record in instance.get_run_records(filters) if not _is_overdue(record)]


def _is_overdue(record: dg.RunRecord) -> bool:
    """Tell whether a run is past its limit, so that the run is dead and only its record is left."""
    seconds = float(record.dagster_run.tags.get(MAX_RUNTIME_TAG, "inf"))
    return time.time() > (record.start_time or record.create_timestamp.timestamp()) + seconds
