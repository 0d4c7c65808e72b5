"""Index of a run's samples, and of what their answers used, by the key of the sample."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from every_eval.contracts.shared_columns import IDENTITY_IN_RUN
from every_eval.export.eee.sample_texts import SAMPLE_COLUMNS
from every_eval.export.eee.usage import Usage
from every_eval.sources.distinct import to_list

_INSTANCE_PARTS: Final = 3
"""Number of the columns of a key that identify an instance, whichever reference or occurrence it is."""

Row = Mapping[str, Any]
Key = tuple[Any, ...]


class SampleIndex:
    """The samples of a run by their key, and the tokens, time and turns of their answers."""

    def __init__(self, samples: pa.Table, usage: pa.Table) -> None:
        """Index rows of the table `samples`, and the rows of the table `metrics` that count tokens, time or turns."""
        self._of_key: dict[Key, list[Row]] = {}
        self._of_instance: dict[Key, list[Row]] = {}
        for values in zip(*(_values(samples[name]) for name in SAMPLE_COLUMNS), strict=True):
            sample = dict(zip(SAMPLE_COLUMNS, values, strict=True))
            key = tuple([sample[name] for name in IDENTITY_IN_RUN])
            self._of_key.setdefault(key, []).append(sample)
            self._of_instance.setdefault(key[:_INSTANCE_PARTS], []).append(sample)
        self._usage: dict[Key, dict[str, float]] = {}
        columns = [to_list(usage[name]) for name in (*IDENTITY_IN_RUN, "metric_name", "value")]
        for *key_values, metric_name, value in zip(*columns, strict=True):
            if value is not None:
                self._usage.setdefault(tuple(key_values), {})[metric_name] = value

    def samples(self, key: Key) -> Sequence[Row]:
        """Return the samples with a key; for metrics of all references, the samples of all."""
        return self._of_key.get(key) or self._of_instance.get(key[:_INSTANCE_PARTS]) or []

    def usage(self, key: Key) -> Usage:
        """Return what the answer with a key used."""
        return Usage(self._usage.get(key, {}))


def _values(column: pa.ChunkedArray) -> list[Any]:
    return [None] * len(column) if column.null_count == len(column) else to_list(column)
