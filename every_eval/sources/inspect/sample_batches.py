"""Read the samples of a log in batches, each of which becomes one piece of rows."""

from collections.abc import Iterator
from typing import Final

from every_eval.contracts.rejects import Reason
from every_eval.sources.inspect.evaluation import Evaluation
from every_eval.sources.inspect.log_file import Log
from every_eval.sources.inspect.records import Sample
from every_eval.sources.inspect.sample_batch import SampleBatch
from every_eval.sources.inspect.sample_values import scores_of
from every_eval.sources.source import Reject

BATCH_ROWS: Final = 2000
"""Largest number of samples in a batch."""
BATCH_BYTES: Final = 16 << 20
"""Size of the samples' JSON at which a batch ends, in bytes."""


class SampleBatches:
    """Reader of the samples of one log."""

    def __init__(self, log: Log, name: str, evaluation: Evaluation) -> None:
        """Read `log`, whose file is `name`."""
        self._log = log
        self._name = name
        self._evaluation = evaluation
        self._seen: dict[tuple[str, int], int] = {}
        self._uuids: set[str] = set()
        self.n_rejected = 0
        """Number of samples so far that could not be read."""

    def read(self, kind: type[Sample]) -> Iterator[SampleBatch]:
        """Yield batches of samples, and of rejects: at least one."""
        batch, n_bytes = SampleBatch(), 0
        for place, size, sample in self._log.samples(kind):
            if isinstance(sample, Reject):
                self.n_rejected += 1
                batch.reject(sample)
            elif self._is_doubled(sample):
                detail = f"sample {sample.id!r} in epoch {sample.epoch} has the uuid of another sample"
                batch.reject(Reject(Reason.DOUBLED_INSTANCE, detail, self._name, place))
            else:
                key = (sample.instance_id, sample.epoch)
                occurrence = self._seen.get(key, 0)
                self._seen[key] = occurrence + 1
                batch.add(sample, place, occurrence, scores_of(sample, self._evaluation))
                n_bytes += size
            if n_bytes >= BATCH_BYTES or len(batch.samples) >= BATCH_ROWS:
                yield batch
                batch, n_bytes = SampleBatch(), 0
        yield batch

    def _is_doubled(self, sample: Sample) -> bool:
        """Tell whether the log had a sample with the same uuid before."""
        if not isinstance(sample.uuid, str):
            return False
        n_known = len(self._uuids)
        self._uuids.add(sample.uuid)
        return len(self._uuids) == n_known
