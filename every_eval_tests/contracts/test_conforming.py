import pyarrow as pa
import pytest

from every_eval.contracts.conforming import conform
from every_eval.contracts.table import Column, Table
from every_eval.errors import ContractViolation

PEOPLE = Table(
    name="people",
    doc="One row per person.",
    columns=(
        Column("name", pa.string(), "Name."),
        Column("age", pa.int64(), "Age.", null_when="the age is unknown", unit="years"),
    ),
    key=("name",),
)


def test_a_column_that_an_older_file_lacks_is_null_and_documented() -> None:
    rows = conform(PEOPLE, PEOPLE.columns, "old.parquet", pa.table({"name": ["Ada"]}))

    assert rows.to_pylist() == [{"name": "Ada", "age": None}]
    assert rows.schema.equals(PEOPLE.schema, check_metadata=True)


def test_columns_come_in_the_order_asked_for_and_others_are_left_out() -> None:
    table = pa.table({"hobby": ["maps"], "age": pa.array([36], pa.int64()), "name": ["Ada"]})

    assert conform(PEOPLE, PEOPLE.columns, "f", table).to_pylist() == [{"name": "Ada", "age": 36}]
    assert conform(PEOPLE, PEOPLE.columns[1:], "f", table).schema.names == ["age"]


def test_dictionary_encoded_texts_stay_encoded() -> None:
    table = pa.table({"name": pa.array(["Ada", "Ada"]).dictionary_encode()})

    assert pa.types.is_dictionary(conform(PEOPLE, PEOPLE.columns[:1], "f", table).schema.field("name").type)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pa.table({"age": [36]}), r"old\.parquet has no column name, which people needs"),
        (pa.table({"name": ["Ada"], "age": ["old"]}), r"old\.parquet is not a file of the table people"),
        (pa.table({"name": pa.array([None], pa.string())}), r"old\.parquet is not a file of the table people"),
    ],
)
def test_a_file_of_another_kind_is_refused_by_name(table: pa.Table, message: str) -> None:
    with pytest.raises(ContractViolation, match=message):
        conform(PEOPLE, PEOPLE.columns, "old.parquet", table)


def test_a_column_that_older_files_lack_has_the_value_from_before_the_column_was_added() -> None:
    columns = [
        Column("n", pa.int64(), "Number of rows."),
        Column("is_complete", pa.bool_(), "Whether all rows are there.", before=True),
        Column("releases", pa.list_(pa.string()), "Releases that show the run.", before=()),
    ]
    contract = Table("counted", "Counts.", tuple(columns), ())
    found = conform(contract, columns, "old.parquet", pa.table({"n": [1, 2]}))

    assert found.schema.equals(contract.schema)
    assert found.to_pylist() == [{"n": n, "is_complete": True, "releases": []} for n in (1, 2)]
