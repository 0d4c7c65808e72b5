import numpy as np
import pyarrow as pa

from every_eval.contracts.stats import N_REPLICATES, REPLICATES
from every_eval.sources.replicates import replicates_of, unpack


def stats(*rows: tuple[int | None, list[float] | None, list[float] | None]) -> pa.Table:
    n_scored, weights, sums = zip(*rows, strict=True)
    return pa.table(
        {
            "n_scored": pa.array(n_scored, pa.int64()),
            "boot_weight": pa.array(weights, REPLICATES),
            "boot_sum": pa.array(sums, REPLICATES),
        }
    )


def test_a_replicate_is_a_weighted_mean_and_undefined_where_nothing_was_drawn() -> None:
    weights = [0.0, 4.0, *[2.0] * (N_REPLICATES - 2)]
    [found] = replicates_of(stats((3, weights, [0.0, 1.0, *[1.0] * (N_REPLICATES - 2)])))

    # 0 / 0, 1 / 4, 1 / 2, ...
    assert np.isnan(found[0])
    assert found[1:].tolist() == [0.25, *[0.5] * (N_REPLICATES - 2)]


def test_a_statistic_without_replicates_or_of_one_instance_is_undefined() -> None:
    ones = [1.0] * N_REPLICATES
    found = replicates_of(stats((2, None, None), (1, ones, ones), (None, ones, ones), (2, ones, ones)))

    assert [bool(np.isnan(row).all()) for row in found] == [True, True, True, False]


def test_lists_keep_their_rows_whatever_is_null_between_them() -> None:
    first, last = [float(n) for n in range(N_REPLICATES)], [0.0] * N_REPLICATES
    lists = pa.chunked_array([pa.array([first, None], REPLICATES), pa.array([last], REPLICATES)])

    found = unpack(lists)
    assert found[0].tolist() == first
    assert np.isnan(found[1]).all()
    assert found[2].tolist() == last
