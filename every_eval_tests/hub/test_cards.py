"""A card holds the YAML that programs read, and the text that people read."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from datasets import Features, load_dataset
from datasets.info import DatasetInfosDict
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCard, DatasetCardData

from every_eval.contracts.table import Column, Table
from every_eval.hub.cards import Card, Config, Section, markdown_table
from every_eval.sources.helm.citation import CITATION

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
    citations=[CITATION],
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


def test_the_columns_of_a_table_are_listed_once_however_many_configs_have_them() -> None:
    content = CARD.render().decode()
    assert content.count("name: seconds") == 1

    # `datasets` resolves the reference, as the Hub's own client does.
    data = DatasetCard(content).data
    infos = DatasetInfosDict.from_dataset_card_data(data)
    assert infos["first"].features == infos["both"].features == Features.from_arrow_schema(ANSWERS.schema)
    assert set(MetadataConfigs.from_dataset_card_data(data)) == {"first", "both"}


def test_datasets_loads_each_config_of_a_repo_with_such_a_card(tmp_path: Path) -> None:
    (tmp_path / "data" / "first").mkdir(parents=True)
    pq.write_table(pa.table({"id": ["a"], "seconds": [[0.5]]}, ANSWERS.schema), tmp_path / "data/first/1.parquet")
    # The file is from before the table had the column `seconds`.
    pq.write_table(pa.table({"id": ["b"]}), tmp_path / "data/second.parquet")
    (tmp_path / "README.md").write_bytes(CARD.render())

    for name, ids in (("first", ["a"]), ("both", ["a", "b"])):
        rows = load_dataset(str(tmp_path), name, split="train", cache_dir=str(tmp_path / "cache"))
        assert rows["id"] == ids
        assert rows.features == Features.from_arrow_schema(ANSWERS.schema)
