"""Adjust the p-values of all pieces of a table together, with one piece in memory at a time."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from every_eval.hub.work_folders import work_folder
from every_eval.scoring.tables.spill import Spill
from every_eval.sources.columns import without_nan
from every_eval.statistics.p_values import benjamini_hochberg, holm

ADJUSTMENTS = {"p_holm": holm, "q_bh": benjamini_hochberg}


def adjust_p_values(pieces: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield the pieces with `p_holm` and `q_bh`: the p-values of all pieces together are one family.

    The pieces have these two columns already, and their values are replaced. All pieces wait on disk until the last
    one is there.
    """
    with work_folder() as folder:
        spill, p_values = Spill(folder), [np.zeros(0)]
        for number, piece in enumerate(pieces):
            spill.add(number, piece)
            p_values.append(piece["p_value"].to_numpy())
        ends = np.cumsum([len(part) for part in p_values])
        adjusted = {name: adjust(np.concatenate(p_values)) for name, adjust in ADJUSTMENTS.items()}
        for number, (start, stop) in enumerate(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)):
            rows = spill.take(number)
            for name, values in adjusted.items():
                column = without_nan(values[start:stop])
                rows = rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), column)
            yield rows
