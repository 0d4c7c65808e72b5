from typing import Any

import pytest

import every_eval
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.errors import ConfigurationError
from every_eval_tests.readers.conftest import Publisher


def ranks(publisher: Publisher, **filters: Any) -> list[int]:
    found: list[int] = every_eval.table("leaderboard", hub=publisher.place, columns=["rank"], **filters)[
        "rank"
    ].to_pylist()
    return found


def test_the_rows_have_the_contracts_types_and_documentation(publisher: Publisher) -> None:
    publisher.rank("a")
    found = every_eval.table("leaderboard", hub=publisher.place)
    assert found.schema.equals(LEADERBOARD.schema, check_metadata=True)
    empty = every_eval.table("pairs", hub=publisher.place, columns=["difference"])
    assert (empty.num_rows, empty.column_names) == (0, ["difference"])


def test_filters_are_a_value_some_values_or_null(publisher: Publisher) -> None:
    publisher.rank("a", "b", "c")
    assert ranks(publisher) == [1, 2, 3]
    assert ranks(publisher, model_name="b") == [2]
    assert ranks(publisher, model_name=["a", "c", "d"], benchmark="lite") == [1, 3]
    assert ranks(publisher, model_name=[]) == []
    assert ranks(publisher, mean_score=None) == [1, 2, 3]
    assert ranks(publisher, model_name=("c", None)) == [3]
    assert ranks(publisher, model_name=None) == []


def test_a_misspelt_table_or_column_is_an_error_that_names_the_right_one(folder: Publisher) -> None:
    folder.rank("a")
    with pytest.raises(ConfigurationError, match=r"'leaderbord'\. Did you mean leaderboard\?"):
        every_eval.table("leaderbord", hub=folder.place)
    with pytest.raises(ConfigurationError, match=r"leaderboard has no column 'benchmrk'\. Did you mean benchmark\?"):
        every_eval.table("leaderboard", hub=folder.place, benchmrk="lite")
    with pytest.raises(ConfigurationError, match=r"no column 'xyz'\. There are: source, benchmark, "):
        every_eval.table("leaderboard", hub=folder.place, columns=["xyz"])
