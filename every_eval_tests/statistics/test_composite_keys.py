"""Keys of several columns as one number."""

import numpy as np
import pytest

from every_eval.statistics.composite_keys import compose, decompose


def test_keys_are_positions_in_row_major_order() -> None:
    # 1 * 3 * 5 + 2 * 5 + 4 and 0 * 3 * 5 + 1 * 5 + 0
    columns = [np.array(values) for values in ([1, 0], [2, 1], [4, 0])]
    assert compose(columns, (2, 3, 5)).tolist() == [29, 5]


@pytest.mark.parametrize("n_rows", [0, 3, 500])
def test_columns_come_back_from_their_keys(n_rows: int) -> None:
    sizes = (20, 2, 3, 5)  # 30 combinations after the first column: more than three rows, and fewer than 500
    columns = [np.random.default_rng(1).integers(0, size, n_rows) for size in sizes]
    found = decompose(compose(columns, sizes), sizes)
    assert [column.tolist() for column in found] == [column.tolist() for column in columns]


def test_keys_beyond_64_bits_are_equal_and_ordered_as_the_rows_are() -> None:
    size = 1 << 40
    rows = [(1, size - 1, 0), (0, size - 1, 1), (1, size - 1, 0), (0, 0, size - 1), (1, 0, 0)]
    keys = compose([np.array(column) for column in zip(*rows, strict=True)], (2, size, size)).tolist()
    assert [sorted(rows).index(row) for row in rows] == [sorted(keys).index(key) for key in keys]
    assert keys[0] == keys[2]
    with pytest.raises(OverflowError, match="64 bits"):
        decompose(np.array(keys), (2, size, size))
