"""A card holds the YAML that programs read, and the text that people read."""

from typing import Any

import pyarrow as pa
import yaml
from huggingface_hub import DatasetCard, DatasetCardData

from every_eval.contracts.table import Column, Table
from every_eval.hub.cards import Card, Config, Section, markdown_table

ANSWERS = Table(
    name="answers",
    doc="One row per answer.",
    columns=(
        Column("id", pa.string(), "Which one."),
        Column("seconds", pa.list_(pa.float64()), "How long each part took.", null_when="nobody looked", unit="s"),
    ),
    key=("id",),
)
CARD = Card(
    title="Answers",
    repo="somebody/answers",
    introduction="All of them.",
    configs=[
        Config("first", ANSWERS, ["data/first/*.parquet"]),
        Config("both", ANSWERS, ["data/first/*.parquet", "data/second.parquet"]),
    ],
    sections=[Section(ANSWERS, "data/*/*.parquet")],
    contents="Twelve thousand.",
    n_rows=12_000,
    queries="Ask more.",
)


def front_matter() -> dict[str, Any]:
    fields: dict[str, Any] = yaml.safe_load(CARD.render().decode().split("---\n")[1])
    return fields


def test_the_yaml_names_configs_splits_features_size_and_licence() -> None:
    features = [{"name": "id", "dtype": "string"}, {"name": "seconds", "list": "float64"}]
    fields = front_matter()
    assert fields["configs"] == [
        {"config_name": "first", "data_files": [{"split": "train", "path": "data/first/*.parquet"}], "default": True},
        {
            "config_name": "both",
            "data_files": [{"split": "train", "path": ["data/first/*.parquet", "data/second.parquet"]}],
        },
    ]
    assert fields["dataset_info"] == [{"config_name": name, "features": features} for name in ("first", "both")]
    assert fields["size_categories"] == ["10K<n<100K"]
    assert fields["license"] == "other"
    assert fields["license_link"] == "https://huggingface.co/datasets/somebody/answers#licence"


def test_the_hubs_own_client_reads_it() -> None:
    card = DatasetCard(CARD.render().decode())
    assert isinstance(card.data, DatasetCardData)
    assert card.data.pretty_name == "Answers"
    assert "&id" not in card.content
    assert card.text.strip().startswith("# Answers\n\nAll of them.")


def test_a_table_is_documented_by_its_contract() -> None:
    text = CARD.render().decode()
    assert "| `id` | string | Which one. |" in text
    assert "| `seconds` | list of double | How long each part took. Unit: s. Null when nobody looked. |" in text
    assert "Key: `id`." in text
    assert "Files: `data/*/*.parquet`." in text


def test_it_says_how_to_read_what_is_in_it_and_whom_to_cite() -> None:
    text = CARD.render().decode()
    assert 'load_dataset("somebody/answers", "first", split="train", streaming=True)' in text
    assert text.count("hf://datasets/somebody/answers/data/first") == 3
    assert "Twelve thousand." in text
    assert "Ask more." in text
    assert "liang2023holistic" in text


def test_the_same_card_has_the_same_bytes() -> None:
    assert CARD.render() == CARD.render()


def test_undefined_cells_are_empty() -> None:
    assert markdown_table(["a", "b"], [[1, None], ["x", 0]]) == "| a | b |\n| --- | --- |\n| 1 |  |\n| x | 0 |"
