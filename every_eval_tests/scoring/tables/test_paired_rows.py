import numpy as np
import pytest

from every_eval.contracts.robustness import ROBUSTNESS
from every_eval.scoring.tables.paired_rows import adjusted, paired_columns
from every_eval.statistics.before_and_after import compare_changes

ROW = dict.fromkeys(ROBUSTNESS.schema.names) | {"n": 1, "n_perturbed": 1}


def test_p_values_are_adjusted_over_all_rows_that_have_one() -> None:
    rows = adjusted(ROBUSTNESS, [{**ROW, "p_value": p} for p in (0.01, None, 0.04, 0.5)]).to_pylist()
    # Holm: 3 · .01, 2 · .04, 1 · .5; Benjamini and Hochberg: 3/1 · .01, 3/2 · .04, 3/3 · .5
    assert [row["p_holm"] for row in rows] == [pytest.approx(0.03), None, pytest.approx(0.08), 0.5]
    assert [row["q_bh"] for row in rows] == [pytest.approx(0.03), None, pytest.approx(0.06), 0.5]
    assert adjusted(ROBUSTNESS, []).schema.equals(ROBUSTNESS.schema)


def test_the_method_is_named_where_there_is_an_interval() -> None:
    before, after = np.array([[1.0, 0.5, np.nan, 0.5], [0.0, 0.5, np.nan, np.nan]]), np.full((2, 4), 0.0)
    compared = compare_changes(np.arange(2), before, after)
    rows = [paired_columns(compared, at) for at in range(4)]
    assert [row["ci_method"] for row in rows] == ["bonett_price", "bootstrap", None, None]
    assert [row["n"] for row in rows] == [2, 2, 0, 1]
    assert [row["difference"] for row in rows] == [-0.5, -0.5, None, -0.5]
    assert rows[2]["p_value"] is None and rows[3]["p_value"] is not None
