from importlib import import_module
from pkgutil import iter_modules

import pyarrow as pa
import pytest

from every_eval import contracts
from every_eval.contracts.catalog import CATALOG
from every_eval.contracts.metrics import METRICS
from every_eval.contracts.rejects import REJECTS, Reason
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.shared_columns import VARIANT, optional
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Column, Table
from every_eval.errors import ContractViolation

MODULES = [import_module(f"{contracts.__name__}.{found.name}") for found in iter_modules(contracts.__path__)]
CONTRACTS = {value.name: value for module in MODULES for value in vars(module).values() if isinstance(value, Table)}
"""Every table that is declared."""

SCORES = Table(
    name="scores",
    doc="One row per model.",
    columns=(
        Column("model", pa.string(), "Model."),
        Column("trial", pa.int32(), "Trial.", null_when="there was one"),
        Column("score", pa.float64(), "Score.", null_when="undefined", unit="points", minimum=0, maximum=1),
    ),
    key=("model", "trial"),
)


def _scores(*rows: tuple[str | None, int | None, float | None]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(SCORES.schema.names, row, strict=True)) for row in rows], SCORES.schema)


def test_rows_that_keep_the_contract_pass() -> None:
    SCORES.validate(_scores(("a", None, 0.0), ("a", 0, 1.0), ("a", 1, None), ("b", None, 0.5)))
    SCORES.validate(SCORES.schema.empty_table())


@pytest.mark.parametrize(
    ("rows", "breach"),
    [
        ([(None, 1, 0.5)], "model: 1 nulls, none allowed"),
        ([("a", 1, float("nan"))], "score: NaN or infinite"),
        ([("a", 1, float("-inf"))], "score: NaN or infinite"),
        ([("a", 1, -0.25)], "score: -0.25 is below 0"),
        ([("a", 1, 1.25)], "score: 1.25 is above 1"),
        ([("a", 1, 0.5), ("b", 1, 0.5), ("a", 1, 0.25)], r"1 rows repeat a key of \(model, trial\)"),
        ([("a", None, 0.5), ("a", None, 0.5), ("a", None, 0.5)], "2 rows repeat a key"),
    ],
)
def test_every_breach_is_named(rows: list[tuple[str | None, int | None, float | None]], breach: str) -> None:
    with pytest.raises(ContractViolation, match=rf"^scores: .*{breach}"):
        SCORES.validate(_scores(*rows))


def test_several_breaches_are_all_named() -> None:
    with pytest.raises(ContractViolation) as refused:
        SCORES.validate(_scores((None, 1, 2.0), ("b", 1, -1.0)))

    assert str(refused.value).count(";") == 2


@pytest.mark.parametrize(
    "table",
    [
        _scores(("a", 1, 0.5)).select(["model", "trial"]),
        _scores(("a", 1, 0.5)).select(["trial", "model", "score"]),
        pa.table({"model": ["a"], "trial": [1], "score": [0.5]}),
    ],
    ids=["a column is missing", "another order", "another type"],
)
def test_columns_are_those_of_the_contract_in_its_order(table: pa.Table) -> None:
    with pytest.raises(ContractViolation, match="schema differs"):
        SCORES.validate(table)


KEYED = Table(
    name="keyed",
    doc="One row per key.",
    columns=(
        Column("text", pa.string(), "Text.", null_when="unknown"),
        Column("number", pa.int64(), "Number.", null_when="unknown"),
        Column("flag", pa.bool_(), "Flag."),
    ),
    key=("text", "number", "flag"),
)
LARGE = 2**62


@pytest.mark.parametrize("is_coded", [False, True])
@pytest.mark.parametrize("n_pieces", [1, 3])
@pytest.mark.parametrize(
    ("rows", "n_doubled"),
    [
        ([("a", 1, True), ("a", 1, False), ("a", 2, True), ("b", 1, True), (None, 1, True), ("a", None, True)], 0),
        ([("a", 1, True), ("b", 1, True), ("a", 1, True), ("b", 1, True), ("a", 1, True)], 3),
        ([(None, 1, True), ("a", 1, True), (None, 1, True)], 1),
        ([("a", None, True), ("a", 0, True), ("a", None, True)], 1),
        ([(None, None, True), (None, None, False)], 0),
        ([(None, None, True), (None, None, True)], 1),
        ([("a", LARGE, True), ("a", -LARGE, True), ("b", LARGE, True), ("a", LARGE, False), ("b", 0, True)], 0),
        ([("a", LARGE, True), ("a", -LARGE, True), ("b", LARGE, True), ("a", LARGE, True), ("b", 0, True)], 1),
        ([("a", 1, True)], 0),
    ],
)
def test_keys_are_counted_whatever_the_values_are_held_in(
    rows: list[tuple[str | None, int | None, bool]], n_doubled: int, n_pieces: int, is_coded: bool
) -> None:
    plain = pa.Table.from_pylist([dict(zip(KEYED.schema.names, row, strict=True)) for row in rows], KEYED.schema)
    step = -(-len(rows) // n_pieces)
    table = pa.concat_tables([plain.slice(first, step).combine_chunks() for first in range(0, len(rows), step)])
    if is_coded:
        codes = table["text"].dictionary_encode()
        table = table.set_column(0, KEYED.schema.field("text").with_type(codes.type), codes)

    if n_doubled:
        with pytest.raises(ContractViolation, match=f"{n_doubled} rows repeat a key"):
            KEYED.validate(table)
    else:
        KEYED.validate(table)
    assert KEYED.decode(table).equals(plain)


def test_a_table_without_a_key_may_repeat_rows() -> None:
    row = dict.fromkeys(REJECTS.schema.names, "x")

    REJECTS.validate(pa.Table.from_pylist([row, row], REJECTS.schema))


def test_the_schema_carries_what_the_columns_mean() -> None:
    field = SCORES.schema.field("score")

    assert field.nullable and not SCORES.schema.field("model").nullable
    assert field.metadata == {b"description": b"Score.", b"unit": b"points", b"null_when": b"undefined"}
    assert SCORES.schema.metadata == {b"table": b"scores", b"doc": b"One row per model."}


def test_a_shared_column_can_be_null_in_one_table_alone() -> None:
    assert optional(VARIANT, "in a case").field.nullable
    assert not VARIANT.field.nullable


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
def test_every_declaration_is_whole(contract: Table) -> None:
    names = [column.name for column in contract.columns]

    assert len(set(names)) == len(names)
    assert set(contract.key) <= set(names)
    assert contract.doc.endswith(".")
    assert [column.name for column in contract.columns if not column.doc.endswith(".")] == []


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
def test_an_empty_table_keeps_every_contract(contract: Table) -> None:
    contract.validate(contract.schema.empty_table())


def test_a_column_means_the_same_wherever_it_stands() -> None:
    columns = [
        column for contract in (SAMPLES, METRICS, STATS, CATALOG, REJECTS, RELEASES) for column in contract.columns
    ]
    shared = ("source", "benchmark", "suite", "run", "instance_id", "metric_name", "perturbation", "model_name")

    for name in shared:
        assert len({(column.type, column.doc) for column in columns if column.name == name}) == 1


def test_readers_of_the_first_version_find_their_columns() -> None:
    known = (
        "evaluation_id dataset_name hf_split hf_index raw_input ground_truth model_name model_family output "
        "evaluation_method_name evaluation_score run task adapter_method source source_version source_url license "
        "category"
    )

    assert set(known.split()) <= set(SAMPLES.schema.names)


def test_the_reasons_of_rejects_are_listed_where_people_read_of_them() -> None:
    doc = REJECTS.schema.field("reason").metadata[b"description"].decode()

    assert all(reason in doc for reason in Reason)
