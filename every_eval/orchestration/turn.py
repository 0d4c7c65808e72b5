"""One ingesting run at a time.

Under the daemon the run queue sees to it, by the runs' tag. What is here does so without a daemon too, as in
`dagster job execute`.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import dagster as dg
from filelock import FileLock, Timeout
from pydantic import Field, PrivateAttr

from every_eval.orchestration.limits import MAX_RUNTIME_TAG

INGESTS_TAG: Final = "every_eval/ingests"
"""On the runs of which there is to be one at a time."""
UNFINISHED: Final = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


class Turn(dg.ConfigurableResource[None]):
    """One ingesting run at a time.

    A run that does its steps in its own process holds a lock, which ends with the process, however that ends. Where
    steps and runs are spread over processes and machines, the lock says nothing; but there run monitoring watches over
    runs, so that their records can be relied on.
    """

    folder: str | None = Field(default=None, description="Where runs look for each other. Else the Dagster home.")

    _lock: FileLock | None = PrivateAttr(default=None)

    def take(self, context: dg.OpExecutionContext) -> None:
        """Hold the turn until the run ends.

        Raises:
            Failure: another run has it.
        """
        if self._lock is not None:  # The step is tried again, in the run that has the turn.
            return
        lock = FileLock(Path(self.folder or context.instance.root_directory) / "every_eval_ingestion.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            others = [run for run in ingesting(context.instance) if run != context.run.run_id]
            raise _stand_back(others) from None
        earlier = _started_before(context) if context.instance.run_monitoring_enabled else ()
        if earlier:
            lock.release()
            raise _stand_back(earlier)
        self._lock = lock

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002 - Dagster's interface
        """Give the turn up."""
        if self._lock is not None:
            self._lock.release()


def ingesting(instance: dg.DagsterInstance) -> Sequence[str]:
    """Ids of the runs that ingest, or wait for their turn, and are within their time."""
    return [record.dagster_run.run_id for record in _records(instance)]


def _started_before(context: dg.OpExecutionContext) -> Sequence[str]:
    """Ids of the runs that ingest, and began before the context's run."""
    starts = {
        record.dagster_run.run_id: record.start_time
        for record in _records(context.instance)
        if record.start_time is not None
    }
    run_id = context.run.run_id
    own = (starts.pop(run_id, time.time()), run_id)
    return [other for other, start in starts.items() if (start, other) < own]


def _stand_back(others: Sequence[str]) -> dg.Failure:
    return dg.Failure(
        f"Another run is ingesting ({', '.join(others) or 'unknown here'}), and one at a time may; nothing was "
        "changed. Launch the job again when that one has ended; if only its record is left, terminate it in the UI.",
        allow_retries=False,
    )


def _records(instance: dg.DagsterInstance) -> Sequence[dg.RunRecord]:
    filters = dg.RunsFilter(tags={INGESTS_TAG: "true"}, statuses=UNFINISHED)
    return [record for record in instance.get_run_records(filters) if not _is_overdue(record)]


def _is_overdue(record: dg.RunRecord) -> bool:
    """Whether a run has lasted longer than it may, so that only its record can have remained."""
    seconds = float(record.dagster_run.tags.get(MAX_RUNTIME_TAG, "inf"))
    return time.time() > (record.start_time or record.create_timestamp.timestamp()) + seconds
