"""Make the rows of the tables `samples`, `metrics` and `judgements` of some samples of a log."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.judgements import JUDGEMENTS
from every_eval.contracts.metrics import METRICS
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.shared_columns import JUDGES
from every_eval.sources.columns import build_table, dictionary_array, only_finite
from every_eval.sources.inspect.evaluation import Evaluation
from every_eval.sources.inspect.question import Question
from every_eval.sources.inspect.sample_batch import SampleBatch
from every_eval.sources.inspect.sample_texts import text_columns
from every_eval.sources.inspect.sample_values import ValueTable
from every_eval.sources.judgement import Judgement
from every_eval.sources.source import Run, RunRows


def with_judges(piece: RunRows, judges: Sequence[str]) -> RunRows:
    """Return a piece whose samples have the judges of the run."""
    table = piece.samples
    if not judges or not table.num_rows:
        return piece
    place = table.schema.get_field_index("judges")
    column = pa.repeat(pa.scalar(judges, JUDGES.type), table.num_rows)
    return replace(piece, samples=table.set_column(place, table.schema.field(place), column))


class RowMaker:
    """Makes the rows of one run."""

    def __init__(self, run: Run, evaluation: Evaluation) -> None:
        """Make the rows of `run`."""
        main = evaluation.main_score
        self._method = None if main is None else evaluation.value_name(main.scorer, main.key)
        self._evaluation = evaluation
        self._shared = {**evaluation.shared(run), "split": None, "sub_split": None}
        identity = canonical_json([run.source, run.benchmark, run.suite, run.name]).removesuffix("]")
        self._digest = hashlib.sha256(identity.encode())

    def samples(self, batch: SampleBatch, questions: Sequence[Question] | None, values: ValueTable) -> pa.Table:
        """Return the rows of the table `samples`, of at least one sample, without judges.

        Without questions, no text is published.
        """
        columns, equal = text_columns(batch, questions, self._evaluation)
        columns |= {
            "instance_id": batch.instance_ids,
            "train_trial_index": batch.trials,
            "occurrence": batch.occurrences,
            "evaluation_id": self._evaluation_ids(batch),
        }
        equal = {**equal, "evaluation_method_name": self._method, "judges": None}
        scores = values.column(self._method)
        if scores is None:
            equal["evaluation_score"] = None
        else:
            columns["evaluation_score"] = only_finite(scores)
        return build_table(SAMPLES, len(batch.samples), columns, self._shared | equal)

    def metrics(self, batch: SampleBatch, values: ValueTable) -> pa.Table:
        """Return the rows of the table `metrics`: one row per number of a sample."""
        rows, metrics = np.nonzero(values.is_stated)
        found = values.numbers[rows, metrics]
        numbers = only_finite(found)
        columns: dict[str, Any] = {
            "instance_id": dictionary_array(rows, batch.instance_ids),
            "train_trial_index": np.array(batch.trials)[rows],
            "occurrence": np.array(batch.occurrences)[rows],
            "metric_name": dictionary_array(metrics, values.metric_names),
            "count": (~np.isnan(found)).astype(np.int64),
            **dict.fromkeys(("sum", "min", "max", "value"), numbers),
        }
        return build_table(METRICS, len(rows), columns, self._shared)

    def judgements(self, batch: SampleBatch, by_sample: Sequence[Sequence[Judgement]]) -> pa.Table:
        """Return the rows of the table `judgements`."""
        rows = np.repeat(np.arange(len(by_sample)), [len(judgements) for judgements in by_sample])
        found = [judgement for judgements in by_sample for judgement in judgements]
        columns: Mapping[str, Any] = {
            "instance_id": dictionary_array(rows, batch.instance_ids),
            "train_trial_index": np.array(batch.trials)[rows],
            "occurrence": np.array(batch.occurrences)[rows],
            **dict(zip(Judgement._fields, zip(*found, strict=True), strict=False)),
        }
        return build_table(JUDGEMENTS, len(rows), columns, self._shared)

    def _evaluation_ids(self, batch: SampleBatch) -> list[str]:
        """Return the SHA-256 digests of the samples' keys, as the documentation of the column states."""
        digests = []
        for instance_id, trial, occurrence in zip(batch.instance_ids, batch.trials, batch.occurrences, strict=True):
            digest = self._digest.copy()
            # A text has one spelling in JSON, so that msgspec writes canonical JSON.
            digest.update(b",%b,null,%d,null,%d]" % (msgspec.json.encode(instance_id), trial, occurrence))
            digests.append(digest.hexdigest())
        return digests
