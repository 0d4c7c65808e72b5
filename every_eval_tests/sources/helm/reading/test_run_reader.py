"""Real runs, compared with what the standard library reads in them, and made-up runs with every fault."""

import json
from io import BytesIO
from typing import IO, Any

import pytest

from every_eval.contracts.catalog import CATALOG
from every_eval.contracts.metrics import METRICS
from every_eval.contracts.rejects import Reason
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.errors import UpstreamMalformed
from every_eval.sources.decoding import MAX_DEPTH
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Input, Run
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.rows_of_runs import gather
from every_eval_tests.sources.helm.made_up import (
    FILES,
    TYPOS,
    files,
    name_of,
    raw_of,
    read,
    read_both,
    rejects,
    stat,
    unreadable,
)

BENCHMARKS = ("lite", "mmlu", "classic")
LISTS = ("instances.json", "display_predictions.json", "display_requests.json", "per_instance_stats.json", "stats.json")
OBJECTS = ("run_spec.json", "scenario.json")


def _runs(file: str) -> dict[tuple[str, str, str], Any]:
    """Return the JSON of one file of each of the sample's runs, by (benchmark, suite, run)."""
    storage = ArchiveStorage(HELM_SAMPLE)
    found = {}
    for benchmark in BENCHMARKS:
        runs = f"{benchmark}/benchmark_output/runs/"
        for suite in storage.list_folders(runs):
            for name in storage.list_folders(f"{runs}{suite}/"):
                found[benchmark, suite, name] = json.loads(storage.read(f"{runs}{suite}/{name}/{file}"))
    return found


@pytest.fixture(scope="module")
def predictions() -> dict[tuple[str, str, str], Any]:
    return _runs("display_predictions.json")


@pytest.fixture(scope="module")
def entries() -> dict[tuple[str, str, str], Any]:
    return _runs("per_instance_stats.json")


def _spell(perturbation: dict[str, Any] | None) -> str | None:
    return None if perturbation is None else json.dumps(perturbation, sort_keys=True, separators=(",", ":"))


def test_every_prediction_of_the_sample_is_a_row_in_its_order(
    sample: Publishing, predictions: dict[tuple[str, str, str], Any]
) -> None:
    columns = (
        "benchmark",
        "suite",
        "run",
        "instance_id",
        "perturbation",
        "train_trial_index",
        "reference_index",
        "output",
    )
    rows = sample.rows(SAMPLES).select(columns).to_pylist()

    def of_run(identity: tuple[str, str, str]) -> list[tuple[Any, ...]]:
        return [
            (
                item["instance_id"],
                _spell(item.get("perturbation")),
                item["train_trial_index"],
                item.get("reference_index"),
                item["predicted_text"],
            )
            for item in predictions[identity]
        ]

    expected = [(*identity, *item) for identity in predictions for item in of_run(identity)]
    assert len(expected) > 1900
    assert sorted((tuple(row.values()) for row in rows), key=repr) == sorted(expected, key=repr)
    found = [tuple(row.values())[3:] for row in rows if row["run"].startswith("gsm:model=01-ai")]
    assert found == of_run(("lite", "v1.0.0", "gsm:model=01-ai_yi-34b"))


def test_every_element_of_stats_is_a_row_with_what_helm_wrote(
    sample: Publishing, entries: dict[tuple[str, str, str], Any]
) -> None:
    columns = (
        *("benchmark", "suite", "run", "instance_id", "perturbation", "train_trial_index", "metric_name", "split"),
        *("sub_split", "count", "sum", "min", "max", "value"),
    )
    expected = [
        (
            *(*identity, entry["instance_id"], _spell(entry.get("perturbation")), entry["train_trial_index"]),
            *(item["name"]["name"], item["name"].get("split"), item["name"].get("sub_split"), item["count"]),
            *(item["sum"], item.get("min"), item.get("max"), item["sum"] / item["count"] if item["count"] else None),
        )
        for identity, found in entries.items()
        for entry in found
        for item in entry["stats"]
    ]
    rows = (tuple(row.values()) for row in sample.rows(METRICS).select(columns).to_pylist())

    assert len(expected) > 46_000
    assert sorted(rows, key=repr) == sorted(expected, key=repr)


def test_every_statistic_that_helm_reported_is_a_row(sample: Publishing) -> None:
    reported = _runs("stats.json")
    columns = (
        "benchmark",
        "suite",
        "run",
        "reported_index",
        "metric_name",
        "reported_count",
        "reported_sum",
        "reported_mean",
    )
    rows = [tuple(row.values()) for row in sample.rows(STATS).select(columns).to_pylist()]

    expected = [
        (*identity, index, item["name"]["name"], item["count"], item["sum"], item.get("mean"))
        for identity, found in reported.items()
        for index, item in enumerate(found)
    ]
    assert sorted(row for row in rows if row[3] is not None) == sorted(expected)


def test_every_run_of_the_sample_is_known_once_and_nothing_is_rejected(
    sample: Publishing, predictions: dict[tuple[str, str, str], Any]
) -> None:
    known = [(row["benchmark"], row["suite"], row["run"]) for row in sample.rows(CATALOG).to_pylist()]

    assert sorted(known) == sorted(predictions)
    assert sample.rejects() == []


def test_keys_are_unique_over_the_whole_sample(sample: Publishing) -> None:
    for contract in (SAMPLES, METRICS, STATS):
        rows = sample.rows(contract).select(contract.key)
        assert rows.group_by(list(contract.key)).aggregate([]).num_rows == rows.num_rows
    ids = sample.rows(SAMPLES)["evaluation_id"].to_pylist()
    assert len(set(ids)) == len(ids)


def test_scores_are_those_of_the_schemas_main_metric(
    sample: Publishing, predictions: dict[tuple[str, str, str], Any], entries: dict[tuple[str, str, str], Any]
) -> None:
    storage = ArchiveStorage(HELM_SAMPLE)
    specs = _runs("run_spec.json")
    expected: dict[tuple[Any, ...], tuple[str | None, float | None]] = {}
    for identity, items in predictions.items():
        schema = json.loads(storage.read(f"{identity[0]}/benchmark_output/releases/v1.1.0/schema.json"))
        environments = {group["name"]: group["environment"] for group in schema["run_groups"]}
        named = [environments[group].get("main_name") for group in specs[identity]["groups"] if group in environments]
        main = [name for name in named if name not in (None, "none")]
        values: dict[tuple[Any, ...], dict[str, float]] = {}
        for entry in entries[identity]:
            key = (entry["instance_id"], _spell(entry.get("perturbation")), entry["train_trial_index"])
            for item in entry["stats"]:
                if item["count"]:
                    values.setdefault(key, {})[item["name"]["name"]] = item["sum"] / item["count"]
        computed = {name for of_sample in values.values() for name in of_sample}
        name = main[-1] if main else None
        if name == "quasi_exact_match" and name not in computed:
            name = "exact_match"
        keys = [(item["instance_id"], _spell(item.get("perturbation")), item["train_trial_index"]) for item in items]
        for key in keys:
            expected[*identity, *key] = (name, values.get(key, {}).get(name or "") if keys.count(key) == 1 else None)
    columns = (
        *("benchmark", "suite", "run", "instance_id", "perturbation", "train_trial_index"),
        "evaluation_method_name",
    )
    rows = sample.rows(SAMPLES).select([*columns, "evaluation_score"]).to_pylist()

    assert {tuple(row.values())[:6]: tuple(row.values())[6:] for row in rows} == expected
    assert sum(score is not None for _, score in expected.values()) > 1500


def test_prompts_and_references_are_those_of_the_same_question(
    sample: Publishing, predictions: dict[tuple[str, str, str], Any]
) -> None:
    requests, instances = _runs("display_requests.json"), _runs("instances.json")
    expected = []
    for identity, items in predictions.items():
        of_key: dict[tuple[Any, ...], list[str]] = {}
        for item in requests[identity]:
            key = (item["instance_id"], _spell(item.get("perturbation")), item["train_trial_index"])
            of_key.setdefault(key, []).append(item["request"]["prompt"])
        asked = {(item["id"], _spell(item.get("perturbation"))): item for item in instances[identity]}
        for item in items:
            key = (item["instance_id"], _spell(item.get("perturbation")), item["train_trial_index"])
            instance = asked[key[:2]]
            references = [(each["output"]["text"], each["tags"]) for each in instance["references"]]
            right = [text for text, tags in references if "correct" in tags]
            found = (instance["input"]["text"], instance.get("split"), references, right)
            mapped = (item.get("mapped_output"), item.get("truncated_predicted_text"))
            expected.append((*identity, *key, of_key[key].pop(0), *found, *mapped))
    rows = [
        (
            *(row["benchmark"], row["suite"], row["run"]),
            *(row["instance_id"], row["perturbation"], row["train_trial_index"], row["prompt"], row["raw_input"]),
            *(row["split"], [(each["text"], each["tags"]) for each in row["references"]], row["ground_truth"]),
            *(row["mapped_output"], row["truncated_output"]),
        )
        for row in sample.rows(SAMPLES).to_pylist()
    ]

    assert sorted(rows, key=repr) == sorted(expected, key=repr)
    assert any(len(row[10]) > 1 for row in rows), "a question with two right answers"


# Faults. What a made-up run gives without any is the measure.

WHOLE = {"samples": 3, "metrics": 6}
N_STATS = read(files()).stats.num_rows


def test_a_whole_run_gives_its_rows_and_no_rejects() -> None:
    rows = read(files())

    assert (rows.samples.num_rows, rows.metrics.num_rows) == (3, 6)
    assert rows.rejects == ()


BROKEN = {
    "empty": b"",
    "white space": b" \n",
    "not JSON": b"<html>503 Service Unavailable</html>",
    "a byte": b"\x00",
    "gzip": b"\x1f\x8b\x08\x00\x00\x00",
    "two values": b"{}{}",
    "an unclosed list": b"[",
    "an unclosed text": b'["a',
    "too deep": b"[" * 100_000 + b"]" * 100_000,
    "deep and cut off": b'{"a":' * 100_000,
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("file", [*LISTS, *OBJECTS])
def test_a_file_that_is_not_json_is_a_reject(file: str, raw: bytes) -> None:
    rows = read(files() | {file: raw})

    # What begins as something else than it should be is refused before its end is seen.
    assert {("not_json", file, None), ("unexpected_shape", file, "$")} & set(rejects(rows))
    _check_that_the_rest_is_whole(rows, file)


@pytest.mark.parametrize("file", [*LISTS, *OBJECTS])
@pytest.mark.slow
def test_a_file_that_was_cut_off_anywhere_is_a_reject(file: str) -> None:
    whole = raw_of(FILES[file])
    for length in range(0, len(whole), max(1, len(whole) // 25)):
        rows = read(files() | {file: whole[:length]})

        assert ("not_json", file, None) in rejects(rows)
        _check_that_the_rest_is_whole(rows, file)


@pytest.mark.parametrize("value", [{}, {"a": [1]}, "text", 5, None, True], ids=repr)
@pytest.mark.parametrize("file", LISTS)
def test_a_file_that_holds_no_list_is_a_reject(file: str, value: Any) -> None:
    rows = read(files() | {file: raw_of(value)})

    assert ("unexpected_shape", file, "$") in rejects(rows)
    _check_that_the_rest_is_whole(rows, file)


@pytest.mark.parametrize("value", [[], [{}], "text", 5, None, {}], ids=repr)
@pytest.mark.parametrize("file", OBJECTS)
def test_a_file_that_holds_no_such_object_is_a_reject(file: str, value: Any) -> None:
    rows = read(files() | {file: raw_of(value)})

    assert ("unexpected_shape", file, "$") in rejects(rows)
    _check_that_the_rest_is_whole(rows, file)


@pytest.mark.parametrize("file", [*LISTS, *OBJECTS])
def test_a_file_that_is_not_there_is_a_reject(file: str) -> None:
    rows = read(files() | {file: None})

    assert ("file_missing", file, None) in rejects(rows)
    _check_that_the_rest_is_whole(rows, file)


def _check_that_the_rest_is_whole(rows: Any, file: str) -> None:
    """Assert that rows that do not depend on the file are the same as with the file."""
    if file == "run_spec.json":
        assert (rows.samples.num_rows, rows.metrics.num_rows, rows.stats.num_rows) == (0, 0, 0)
        return
    without_samples = file in ("instances.json", "display_predictions.json")
    assert rows.samples.num_rows == (0 if without_samples else 3)
    assert rows.metrics.num_rows == (0 if file == "per_instance_stats.json" else 6)
    assert rows.stats.num_rows <= N_STATS
    reported = [value for value in rows.stats["reported_index"].to_pylist() if value is not None]
    assert sorted(reported) == ([] if file == "stats.json" else [0, 1, 2, 3, 4])
    if not without_samples:
        scored = file != "per_instance_stats.json"
        assert rows.samples["evaluation_score"].to_pylist() == ([1.0, 0.0, 0.0] if scored else [None] * 3)
        prompts = ["Q: One?", "Q: Two?", "Q: Oen?"]
        assert rows.samples["prompt"].to_pylist() == ([None] * 3 if file == "display_requests.json" else prompts)


def test_a_run_of_which_nothing_is_there_is_all_rejects() -> None:
    rows = read(dict.fromkeys(FILES))

    assert rejects(rows) == [("file_missing", file, None) for file in ("run_spec.json", "scenario.json")]
    assert rows.samples.num_rows == rows.metrics.num_rows == rows.stats.num_rows == 0


@pytest.mark.parametrize("problem", [Reason.UNSAFE_NAME, Reason.RUN_MISSING])
def test_a_run_with_a_problem_is_one_reject_and_nothing_is_read(problem: Reason) -> None:
    def refuse(name: str) -> IO[bytes]:
        raise AssertionError(f"{name} was read")

    rows = gather(HelmSource().read(Run("helm", "lite", "v1", "../x", "", problem=problem), refuse))

    assert [(reject.reason, reject.file) for reject in rows.rejects] == [(problem, None)]
    assert "../x" in rows.rejects[0].detail


@pytest.mark.parametrize(
    ("file", "place", "value"),
    [
        ("instances.json", "id", 5.5),
        ("instances.json", "input", ["One?"]),
        ("instances.json", "references", {}),
        ("instances.json", "perturbation", []),
        ("instances.json", "perturbation", {"name": 5}),
        ("instances.json", "perturbation", {"robustness": True}),
        ("display_predictions.json", "train_trial_index", "0"),
        ("display_predictions.json", "train_trial_index", -1),
        ("display_predictions.json", "train_trial_index", 2**31),
        ("display_predictions.json", "train_trial_index", 10**400),
        ("display_predictions.json", "reference_index", 0.5),
        ("display_predictions.json", "predicted_text", ["a"]),
        ("display_predictions.json", "perturbation", "typos"),
        ("display_requests.json", "request", "Q: Two?"),
        ("per_instance_stats.json", "stats", {}),
        ("per_instance_stats.json", "train_trial_index", None),
        ("stats.json", "count", "1"),
        ("stats.json", "count", -1),
        ("stats.json", "count", 1.5),
        ("stats.json", "count", 2**31),
        ("stats.json", "count", 10**30),
        ("stats.json", "sum", "0.5"),
        ("stats.json", "sum", {}),
        ("stats.json", "mean", "null"),
        ("stats.json", "name", "exact_match"),
        ("stats.json", "name", {"name": "exact_match", "perturbation": {"name": []}}),
    ],
)
def test_an_element_of_the_wrong_shape_is_a_reject_with_its_place_and_the_others_are_read(
    file: str, place: str, value: Any
) -> None:
    content = files()
    content[file][0][place] = value
    rows = read(content)

    found = [reject for reject in rows.rejects if reject.reason is Reason.UNEXPECTED_SHAPE]
    assert [reject.file for reject in found] == [file]
    assert str(found[0].place).startswith("$[0]")
    expected = {"display_predictions.json": 2, "instances.json": 2}.get(file, 3)
    assert rows.samples.num_rows == expected
    assert rows.metrics.num_rows == (4 if file == "per_instance_stats.json" else 6)


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("field", ["sum", "min", "max"])
def test_a_number_that_is_not_finite_is_null_and_a_reject(field: str, token: str) -> None:
    content = files()
    content["per_instance_stats.json"][1]["stats"][0][field] = float(token)
    rows = read(content)

    assert rejects(rows) == [("not_finite", "per_instance_stats.json", f"$[1].stats[0].{field}")]
    assert rows.rejects[0].detail == token
    row = rows.metrics.to_pylist()[2]
    assert row[field] is None and row["count"] == 1
    assert row["value"] == (None if field == "sum" else 0.0)
    assert rows.samples["evaluation_score"].to_pylist() == [1.0, None if field == "sum" else 0.0, 0.0]
    assert rows.metrics.num_rows == 6


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("field", ["sum", "mean", "min", "max"])
def test_a_reported_number_that_is_not_finite_is_null_and_a_reject(field: str, token: str) -> None:
    content = files()
    content["stats.json"][1][field] = float(token)
    rows = read(content)

    assert rejects(rows) == [("not_finite", "stats.json", f"$[1].{field}")]
    row = next(row for row in rows.stats.to_pylist() if row["reported_index"] == 1)
    assert {name: row[f"reported_{name}"] for name in ("sum", "mean", "min", "max")} == {
        name: None if name == field else 0.5 for name in ("sum", "mean", "min", "max")
    }
    assert row["reported_count"] == 1


def test_what_looks_like_such_a_number_in_a_text_stays_as_it_is() -> None:
    text = 'NaN, "Infinity" and \\"-Infinity\\": NaN\\'
    content = files()
    content["display_predictions.json"][0]["predicted_text"] = text
    content["display_predictions.json"][0]["unread"] = float("nan")
    content["instances.json"][0]["input"]["text"] = text
    content["instances.json"][0]["unread"] = [float("inf"), -float("inf")]
    rows = read(content)

    assert rows.rejects == ()
    assert rows.samples["output"].to_pylist()[0] == text
    assert rows.samples["raw_input"].to_pylist()[0] == text


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1" + "0" * 400, "1" + "0" * 5000])
@pytest.mark.parametrize("file", ["stats.json", "per_instance_stats.json"])
def test_a_number_that_is_too_large_is_a_reject_and_no_other_number(file: str, number: str) -> None:
    content = files()
    entry = content[file][1]["stats"][0] if file == "per_instance_stats.json" else content[file][1]
    entry["sum"] = "HERE"
    rows = read(content | {file: raw_of(content[file]).replace(b'"HERE"', number.encode())})

    assert [reject[:2] for reject in rejects(rows)] == [("unexpected_shape", file)]
    assert rows.metrics.num_rows == (4 if file == "per_instance_stats.json" else 6)
    assert read(files()).metrics.to_pylist()[0] in rows.metrics.to_pylist()


def test_half_a_surrogate_pair_is_shown_as_such_and_whole_ones_stay() -> None:
    content = files()
    texts = ["cut \ud83d", "\ude00 cut", "\ud83d\ud83d\ude00", "\\ud83d", "😀"]
    shown = ["cut \ufffd", "\ufffd cut", "\ufffd😀", "\\ud83d", "😀"]
    for text, expected in zip(texts, shown, strict=True):
        content["display_predictions.json"][0]["predicted_text"] = text
        raw = json.dumps(content["display_predictions.json"]).encode()
        rows = read(content | {"display_predictions.json": raw})

        assert rows.samples["output"].to_pylist()[0] == expected
        assert rows.rejects == ()


@pytest.mark.parametrize("file", [*LISTS, *OBJECTS])
def test_a_byte_order_mark_is_passed_over(file: str) -> None:
    rows = read(files() | {file: b"\xef\xbb\xbf" + raw_of(FILES[file])})

    assert rows.rejects == ()
    assert rows.stats["run_spec"].to_pylist() == read(files()).stats["run_spec"].to_pylist()


@pytest.mark.parametrize("file", [*LISTS, *OBJECTS])
def test_bytes_that_are_no_utf8_are_shown_as_such(file: str) -> None:
    texts = {"run_spec.json": b'"m/a"', "scenario.json": b'"quiz"', "stats.json": b'"f1"'}
    texts |= {"per_instance_stats.json": b'"f1"', "display_requests.json": b'"Q: Two?"'}
    text = texts.get(file, b'" 1"' if file == "display_predictions.json" else b'"Two?"')
    rows = read(files() | {file: raw_of(FILES[file]).replace(text, text[:-1] + b'\xff"')})
    shown = text[1:-1].decode() + "\ufffd"

    assert unreadable(rows) == []
    assert shown in repr([rows.samples.to_pylist(), rows.metrics.to_pylist(), rows.stats.to_pylist()])
    assert rows.samples.num_rows == 3


def test_white_space_goes_from_a_specification_that_needs_mending_too() -> None:
    content = files()
    content["run_spec.json"]["adapter_spec"]["temperature"] = float("nan")
    rows = read(content)

    [text] = set(rows.stats["run_spec"].to_pylist())
    assert json.loads(text) == content["run_spec.json"] | {
        "adapter_spec": content["run_spec.json"]["adapter_spec"] | {"temperature": "NaN"}
    }
    assert rows.rejects == ()


def test_nesting_that_is_just_bearable_is_borne() -> None:
    deep: Any = "x"
    for _ in range(MAX_DEPTH - 6):  # A text is left for the perturbation and the levels around it.
        deep = {"a": deep}
    content = files()
    for file in ("instances.json", "display_predictions.json", "display_requests.json", "per_instance_stats.json"):
        for item in content[file]:
            if "perturbation" in item:
                item["perturbation"] = TYPOS | {"deep": deep}
    for item in content["stats.json"]:
        if "perturbation" in item["name"]:
            item["name"]["perturbation"] = TYPOS | {"deep": deep}
    rows = read(content)

    assert rows.samples.num_rows == 3
    assert rows.rejects == ()


def test_a_metrics_name_that_cannot_be_read_leaves_the_other_metrics() -> None:
    content = files()
    content["per_instance_stats.json"][0]["stats"][0]["name"] = {"name": 5}
    content["per_instance_stats.json"][1]["stats"][0]["name"] = name_of("exact_match", perturbation={"name": 5})
    rows = read(content)

    places = ["$[0].stats[0].name", "$[1].stats[0].name"]
    assert [(reason, file) for reason, file, _ in rejects(rows)] == [
        ("unexpected_shape", "per_instance_stats.json")
    ] * 2
    assert all(str(found).startswith(place) for place, (*_, found) in zip(places, rejects(rows), strict=True))
    assert rows.metrics.num_rows == 4


def test_a_metric_that_stands_twice_under_one_key_is_published_once_and_told() -> None:
    content = files()
    content["per_instance_stats.json"][0]["stats"].append(stat("exact_match", 0.0, 0.0, 0.0))
    content["per_instance_stats.json"].append(
        {"instance_id": "id2", "train_trial_index": 0, "stats": [stat("f1", 0.75), stat("bleu", 0.5)]}
    )
    rows = read(content)

    file = "per_instance_stats.json"
    assert unreadable(rows) == [("doubled_metric", file, "$[0].stats[2]"), ("doubled_metric", file, "$[3].stats[0]")]
    assert rows.metrics.num_rows == 7
    assert rows.samples["evaluation_score"].to_pylist() == [1.0, 0.0, 0.0]
    of_id2 = [row for row in rows.metrics.to_pylist() if row["instance_id"] == "id2"]
    assert [(row["metric_name"], row["count"]) for row in of_id2] == [("exact_match", 1), ("f1", 0), ("bleu", 1)]


def test_in_language_modelling_each_window_has_its_own_metrics() -> None:
    content = files()
    content["run_spec.json"]["adapter_spec"]["method"] = "language_modeling"
    content["per_instance_stats.json"] = [
        {"instance_id": "id1", "train_trial_index": 0, "stats": [stat("logprob", value), stat("num_bytes", 2.0)]}
        for value in (-1.0, -2.0, -4.0)
    ]
    content["display_predictions.json"] = [
        {"instance_id": "id1", "train_trial_index": 0, "predicted_text": text} for text in "abc"
    ]
    content["display_requests.json"] = [
        {"instance_id": "id1", "train_trial_index": 0, "request": {"prompt": text}} for text in "ABC"
    ]
    rows = read(content, facts={"main_metrics": '[["logprob","test"]]'})

    assert unreadable(rows) == []
    found = rows.metrics.select(["metric_name", "occurrence", "value"]).to_pylist()
    assert [tuple(row.values()) for row in found] == [
        *(("logprob", 0, -1.0), ("num_bytes", 0, 2.0)),
        *(("logprob", 1, -2.0), ("num_bytes", 1, 2.0)),
        *(("logprob", 2, -4.0), ("num_bytes", 2, 2.0)),
    ]
    samples = rows.samples.select(["output", "prompt", "occurrence", "evaluation_score"]).to_pylist()
    # HELM keeps no score of a single window under their common key.
    assert [tuple(row.values()) for row in samples] == [("a", "A", 0, None), ("b", "B", 1, None), ("c", "C", 2, None)]


def test_entries_of_one_key_are_merged_where_metrics_were_computed_apart() -> None:
    content = files()
    [first, *rest] = content["per_instance_stats.json"]
    apart = [first | {"stats": [item]} for item in first["stats"]]
    merged = read(content | {"per_instance_stats.json": [*apart, *rest]})

    assert merged.rejects == ()
    assert merged.metrics.equals(read(files()).metrics)
    assert merged.samples.equals(read(files()).samples)


def test_a_statistic_that_is_reported_twice_is_published_once_and_told() -> None:
    content = files()
    content["stats.json"].append(stat("exact_match", 0.75))
    rows = read(content)

    assert rejects(rows) == [("doubled_statistic", "stats.json", "$[5]")]
    assert rows.stats.num_rows == N_STATS
    assert rows.stats.to_pylist()[0]["reported_mean"] == 0.5


def test_a_prediction_without_its_instance_is_a_reject_that_keeps_its_text() -> None:
    content = files()
    content["instances.json"].pop(1)
    rows = read(content)

    assert rejects(rows) == [("instance_missing", "display_predictions.json", "$[1]")]
    assert " 3" in rows.rejects[0].detail and "id2" in rows.rejects[0].detail
    assert rows.samples["instance_id"].to_pylist() == ["id1", "id1"]
    assert rows.metrics.num_rows == 6


def test_the_original_does_not_stand_in_for_a_changed_text() -> None:
    content = files()
    content["instances.json"].pop(2)

    assert rejects(read(content)) == [("instance_missing", "display_predictions.json", "$[2]")]


def test_a_prediction_without_its_request_has_no_prompt() -> None:
    content = files()
    content["display_requests.json"].pop(0)
    rows = read(content)

    assert rejects(rows) == [("request_missing", "display_predictions.json", "$[1]")]
    assert rows.samples["prompt"].to_pylist() == ["Q: One?", None, "Q: Oen?"]


def test_where_one_of_several_requests_is_missing_nobody_gets_the_wrong_one() -> None:
    content = files()
    template = content["display_predictions.json"][1]
    content["display_predictions.json"] = [template | {"reference_index": index} for index in range(3)]
    request = content["display_requests.json"][0]
    content["display_requests.json"] = [request | {"request": {"prompt": f"P{index}"}} for index in range(3)]
    assert read(content).samples["prompt"].to_pylist() == ["P0", "P1", "P2"]

    content["display_requests.json"][1]["request"] = 5
    rows = read(content)
    assert rows.samples["prompt"].to_pylist() == [None] * 3
    assert [reason for reason, *_ in rejects(rows)].count("request_missing") == 3


def test_an_instance_that_stands_twice_counts_once() -> None:
    content = files()
    other = json.loads(json.dumps(content["instances.json"][0]))
    other["input"]["text"] = "Another?"
    content["instances.json"].append(other)
    rows = read(content)

    assert rejects(rows) == [("doubled_instance", "instances.json", "$[3]")]
    assert rows.samples["raw_input"].to_pylist() == ["One?", "Two?", "Oen?"]


def test_counts_near_the_limit_make_no_wrong_number() -> None:
    content = files()
    for entry in content["per_instance_stats.json"]:
        entry["stats"][0] |= {"count": 2**31 - 1, "sum": float(2**31 - 1), "min": 1.0, "max": 1.0}
    rows = read(content)

    assert rows.rejects == ()
    assert rows.samples["evaluation_score"].to_pylist() == [1.0] * 3
    mean = {row["metric_name"]: row["mean"] for row in rows.stats.to_pylist() if row["perturbation"] is None}
    assert mean["exact_match"] == 1.0


def test_a_run_reads_the_same_whatever_the_order_of_names_in_its_objects() -> None:
    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: turned(value[name]) for name in reversed(value)}
        return [turned(item) for item in value] if isinstance(value, list) else value

    content = {file: value if file == "run_spec.json" else turned(value) for file, value in files().items()}
    assert read(content).samples.equals(read(files()).samples)
    assert read(content).metrics.equals(read(files()).metrics)
    assert read(content).stats.equals(read(files()).stats)


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 985, 5000])
@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("run_spec.json", ("adapter_spec", "instructions")),
        ("scenario.json", ("tags",)),
        ("instances.json", (0, "extra_data")),
        ("instances.json", (0, "input", "messages")),
        ("display_predictions.json", (0, "annotations")),
        ("display_predictions.json", (0, "perturbation")),
        ("display_requests.json", (0, "request", "messages")),
        ("per_instance_stats.json", (0, "stats", 0, "name")),
        ("stats.json", (0, "name", "perturbation")),
    ],
)
def test_what_is_nested_too_deeply_is_a_reject_of_its_file(file: str, path: tuple[str | int, ...], depth: int) -> None:
    content = files()
    holder = content[file]
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = "@"
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    content[file] = json.dumps(content[file]).encode().replace(b'"@"', b"[%b]" % deep if "messages" in path else deep)

    # How deep a decoder follows depends on the version of Python, and with it whether an element or the file is lost.
    for rows in read_both(content):
        found = {(reason, of) for reason, of, _ in rejects(rows)}
        assert found & {(Reason.NOT_JSON, file), (Reason.UNEXPECTED_SHAPE, file)}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"adapter_spec": ...}, "$.adapter_spec.model"),
        ({"adapter_spec": {"method": "generation", "model": ""}}, "$.adapter_spec.model"),
        ({"adapter_spec": {"model": "m/a", "model_deployment": ""}}, "$.adapter_spec.model_deployment"),
        ({"name": ""}, "$.name"),
    ],
)
def test_a_run_of_no_model_or_of_another_name_is_not_read(change: dict[str, Any], place: str) -> None:
    content = files()
    spec = content["run_spec.json"] | change
    content["run_spec.json"] = {name: value for name, value in spec.items() if value is not ...}
    rows = read(content)

    assert [(reject.file, reject.place) for reject in rows.rejects] == [("run_spec.json", place)]
    assert (rows.samples.num_rows, rows.metrics.num_rows, rows.stats.num_rows) == (0, 0, 0)


@pytest.mark.parametrize("value", [1e308, -1e200])
def test_a_number_whose_square_no_float_holds_scores_nothing(value: float) -> None:
    content = files()
    for one in (content["per_instance_stats.json"][0]["stats"][0], content["stats.json"][0]):
        one |= dict.fromkeys(("sum", "min", "max", "mean"), value)
    rows = read(content)

    (score,) = [
        row for row in rows.stats.to_pylist() if row["metric_name"] == "exact_match" and not row["perturbation"]
    ]
    assert (score["mean"], score["m2"], score["reported_mean"]) == (None, None, None)
    assert score["unscored_reason"] == "1 of 2 values are not finite"
    assert {(reason, file) for reason, file, _ in rejects(rows)} == {
        (Reason.NOT_FINITE, "per_instance_stats.json"),
        (Reason.NOT_FINITE, "stats.json"),
    }


@pytest.mark.parametrize("file", [*OBJECTS, *LISTS])
def test_a_damaged_member_of_an_archive_is_a_reject_of_its_file(file: str) -> None:
    raw = {name: raw_of(content) for name, content in files().items()}

    def open_file(name: str) -> IO[bytes]:
        if name == file:
            raise UpstreamMalformed(f"The file {name!r} is damaged: Bad CRC-32.")
        return BytesIO(raw[name])

    inputs = tuple(Input(name, len(content), "w") for name, content in raw.items())
    run = Run("helm", "lite", "v1", "quiz:subject=x,model=m_a", "lite", inputs)
    rows = gather(HelmSource().read(run, open_file))

    assert ("not_json", file, None) in rejects(rows)
    assert not any(row["is_complete"] for row in rows.stats.to_pylist()) or file == "stats.json"
