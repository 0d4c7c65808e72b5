"""Put the pieces of a run's rows together, for tests of the sources."""

from collections.abc import Iterable

import pyarrow as pa

from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.contracts.judgements import JUDGEMENTS
from every_eval.contracts.metrics import METRICS
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Table
from every_eval.sources.source import RunRows


def gather(pieces: Iterable[RunRows]) -> RunRows:
    """Concatenate the pieces, check each table against its contract, and decode dictionaries."""
    found = list(pieces)
    return RunRows(
        _together(SAMPLES, [piece.samples for piece in found]),
        _together(METRICS, [piece.metrics for piece in found]),
        _together(STATS, [piece.stats for piece in found]),
        _together(JUDGEMENTS, [piece.judgements for piece in found]),
        _together(ITEM_SCORES, [piece.item_scores for piece in found]),
        tuple(reject for piece in found for reject in piece.rejects),
        [item for piece in found for item in piece.disagreements],
    )


def _together(contract: Table, tables: Iterable[pa.Table]) -> pa.Table:
    table = pa.concat_tables([contract.schema.empty_table(), *map(contract.decode, tables)]).combine_chunks()
    contract.validate(table)
    return table
