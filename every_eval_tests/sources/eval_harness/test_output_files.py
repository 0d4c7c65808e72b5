import pytest

from every_eval.sources.eval_harness.output_files import SamplesName, as_input, folders, stamp_of
from every_eval.storage.storage import StoredObject

STAMP = "2026-11-20T04-28-47.656165"
LATER = "2026-11-21T00-00-00"


def objects(*names: str) -> list[StoredObject]:
    return [StoredObject(name, 1, f"witness of {name}", None) for name in names]


@pytest.mark.parametrize("stem", ["results", "my_model", "mistral4bit_2020-01-01"])
def test_a_results_file_ends_in_its_time_stamp_whatever_it_begins_with(stem: str) -> None:
    assert stamp_of(f"{stem}_{STAMP}.json") == STAMP


def test_a_second_without_a_fraction_is_a_time_stamp_too() -> None:
    # datetime.isoformat() leaves out microseconds that are 0
    assert stamp_of(f"results_{LATER}.json") == LATER


@pytest.mark.parametrize("name", ["results.json", f"{STAMP}.json", f"results_{STAMP}.jsonl", "results_2026-11-20.json"])
def test_other_names_have_no_time_stamp(name: str) -> None:
    assert stamp_of(name) is None


def test_a_samples_file_names_its_task_in_full() -> None:
    assert SamplesName.parse(f"samples_mmlu_local_stem_{STAMP}.jsonl") == SamplesName("mmlu_local_stem", STAMP)
    assert SamplesName.parse(f"samples_a_{LATER}_b_{STAMP}.jsonl") == SamplesName(f"a_{LATER}_b", STAMP)
    assert SamplesName.parse(f"results_{STAMP}.jsonl") is None


@pytest.mark.parametrize(
    "stamp",
    ["2024-06-17T16:06:39.458097", "2024-06-17_16-06-39", "2024-06-17T160639", "2024-06-17T16-06-39.458097+00-00"],
)
def test_other_forms_of_a_time_stamp_pair_files_too(stamp: str) -> None:
    assert stamp_of(f"results_{stamp}.json") == stamp
    assert SamplesName.parse(f"samples_quiz_{stamp}.jsonl") == SamplesName("quiz", stamp)


def test_samples_in_a_json_file_are_no_results() -> None:
    [folder] = folders(objects(f"m/samples_quiz_{STAMP}.json", f"m/results_{STAMP}.json"))
    assert list(folder.results) == [f"results_{STAMP}.json"]
    assert set(folder.samples) == {(STAMP, "quiz")}


def test_samples_are_claimed_by_exact_time_stamp_and_once() -> None:
    files = [f"m/samples_{task}_{stamp}.jsonl" for task in ("gsm8k", "gsm8k_sc") for stamp in (STAMP, LATER)]
    [folder] = folders(objects(*files, f"m/results_{STAMP}.json"))

    claimed = folder.claim(f"results_{STAMP}.json")

    assert {task: item.name for task, item in claimed.items()} == {
        "gsm8k": f"m/samples_gsm8k_{STAMP}.jsonl",
        "gsm8k_sc": f"m/samples_gsm8k_sc_{STAMP}.jsonl",
    }
    assert folder.claim(f"other_{STAMP}.json") == {}
    assert set(folder.samples) == {(LATER, "gsm8k"), (LATER, "gsm8k_sc")}


def test_a_results_file_without_a_time_stamp_claims_nothing() -> None:
    [folder] = folders(objects(f"m/samples_gsm8k_{STAMP}.jsonl", "m/results.json"))
    assert folder.claim("results.json") == {}


def test_files_of_one_time_stamp_in_two_folders_stay_apart() -> None:
    listing = objects(
        f"b/x/results_{STAMP}.json", f"b/y/samples_t_{STAMP}.jsonl", f"b/results_{STAMP}.json", "b/notes.md"
    )
    found = {folder.path: (list(folder.results), list(folder.samples)) for folder in folders(listing)}
    assert found == {
        "b": ([f"results_{STAMP}.json"], []),
        "b/x": ([f"results_{STAMP}.json"], []),
        "b/y": ([], [(STAMP, "t")]),
    }


def test_an_input_is_named_within_its_folder_and_keeps_what_the_listing_knows() -> None:
    item = StoredObject("b/x/results.json", 7, "witness", "listed")
    assert (as_input(item, "read").name, as_input(item, "read").md5) == ("results.json", "listed")
    assert as_input(StoredObject("b/x/results.json", 7, "witness", None), "read").md5 == "read"
