from dataclasses import replace

import pytest

from every_eval.contracts.rejects import Reason
from every_eval.contracts.repo_layout import (
    folder_name,
    folder_of_shard,
    published_shards,
    shard_key,
    shard_number,
    shard_path,
)
from every_eval.contracts.stats import STATS
from every_eval.errors import ConfigurationError
from every_eval.ingestion.shards import check_folder_names, fingerprint, inputs_digest, made_from, split_into_shards
from every_eval.sources.source import Input, Run


def _run(name: str, size: int = 10, suite: str = "v1") -> Run:
    return Run("helm", "lite", suite, name, f"lite/{suite}/{name}", (Input("stats.json", size, "w", "0" * 32),))


@pytest.mark.parametrize(
    ("benchmark", "folder"),
    [("lite", "helm_lite"), ("air-bench", "helm_air_bench"), ("../../x", "helm_______x"), ("Ünï", "helm__n_")],
)
def test_a_folders_name_has_letters_digits_and_underscores_alone(benchmark: str, folder: str) -> None:
    assert folder_name("helm", benchmark) == folder


def test_benchmarks_whose_folders_differ_in_case_alone_collide() -> None:
    check_folder_names("helm", ["lite", "mmlu", "lite"])
    with pytest.raises(ConfigurationError, match="'Lite' and 'lite'"):
        check_folder_names("helm", ["mmlu", "Lite", "lite"])


def test_keys_and_numbers_belong_together() -> None:
    for number in (1, 99_999, 100_000):
        key = shard_key("helm_lite", number)
        assert shard_number(key) == number
        assert folder_of_shard(key) == folder_of_shard(f"{key}-0123456789ab.parquet") == "helm_lite"
    assert shard_key("helm_lite", 1) == "helm_lite_part_00001"


def test_runs_fill_shards_in_the_order_of_suite_and_name() -> None:
    runs = [_run("b"), _run("a", suite="v2"), _run("c"), _run("a")]
    shards = list(split_into_shards("helm_lite", runs, 3, 20))

    assert [key for key, _ in shards] == ["helm_lite_part_00003", "helm_lite_part_00004"]
    assert [[run.identity for run in members] for _, members in shards] == [
        [("v1", "a"), ("v1", "b")],
        [("v1", "c"), ("v2", "a")],
    ]


def test_a_run_larger_than_a_shard_has_one_to_itself() -> None:
    shards = split_into_shards(
        "helm_lite", [_run("a", 5), _run("b", 50), _run("c", 5), _run("d", 15), _run("e", 1)], 1, 20
    )

    assert [[run.name for run in members] for _, members in shards] == [["a"], ["b"], ["c", "d"], ["e"]]


def test_no_runs_need_no_shard() -> None:
    assert list(split_into_shards("helm_lite", [], 1, 20)) == []


RUN = replace(_run("a"), facts={"creator": "x"}, releases=("v1",))
[INPUT] = RUN.inputs


@pytest.mark.parametrize(
    "changed",
    [
        replace(RUN, suite="v2"),
        replace(RUN, name="b"),
        replace(RUN, facts={"creator": "y"}),
        replace(RUN, facts={}),
        replace(RUN, problem=Reason.RUN_MISSING),
        replace(RUN, inputs=()),
        replace(RUN, inputs=(replace(INPUT, name="other.json"),)),
        replace(RUN, inputs=(replace(INPUT, size=11),)),
        replace(RUN, inputs=(replace(INPUT, md5="1" * 32),)),
        replace(RUN, releases=("v1", "v2")),
    ],
)
def test_a_fingerprint_changes_with_everything_that_determines_rows(changed: Run) -> None:
    assert fingerprint([made_from(changed)], 1) != fingerprint([made_from(RUN)], 1)


@pytest.mark.parametrize(
    "same",
    [
        replace(RUN, folder="elsewhere/a"),
        replace(RUN, inputs=(replace(INPUT, witness="touched"),)),
    ],
)
def test_a_fingerprint_does_not_change_with_what_differs_between_storages(same: Run) -> None:
    assert fingerprint([made_from(same)], 1) == fingerprint([made_from(RUN)], 1)


def test_the_digest_of_a_runs_inputs_does_not_change_with_the_releases_that_show_the_run() -> None:
    assert inputs_digest(replace(RUN, releases=("v1", "v2"))) == inputs_digest(RUN)
    assert inputs_digest(replace(RUN, inputs=())) != inputs_digest(RUN)


def test_a_fingerprint_changes_with_the_data_version_and_not_with_the_order() -> None:
    runs = [made_from(RUN), made_from(_run("b"))]

    assert fingerprint(runs, 1) == fingerprint(runs[::-1], 1) != fingerprint(runs, 2)
    assert len(fingerprint(runs, 1)) == 12
    assert int(fingerprint(runs, 1), 16) >= 0


def test_published_shards_are_read_from_the_names_of_statistics_files() -> None:
    key = "helm_lite_part_00001"
    paths = [
        shard_path(STATS, key, "0123456789ab"),
        shard_path(STATS, key, "ba9876543210"),
        shard_path(STATS, "helm_lite_2_part_00001", "0123456789ab"),
        "stats/helm_lite/helm_other_part_00001-0123456789ab.parquet",
        f"stats/helm_lite/{key}-0123456789AB.parquet",
        f"stats/helm_lite/{key}-0123456789ab.parquet.tmp",
        f"stats/helm_lite/deeper/{key}-0123456789ab.parquet",
        f"data/helm_lite/{key}.parquet",
    ]

    assert published_shards(paths, "helm_lite") == {key: ["0123456789ab", "ba9876543210"]}
