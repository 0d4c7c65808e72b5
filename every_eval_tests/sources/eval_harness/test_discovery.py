import json
import os
import shutil
from pathlib import Path

import pytest

from every_eval.contracts.rejects import Reason
from every_eval.contracts.releases import RELEASES
from every_eval.errors import BenchmarkMissing
from every_eval.network.content import md5_of
from every_eval.sources.eval_harness.discovery import discover, index_witness
from every_eval.sources.source import Discovery, Run
from every_eval.storage.folder import FolderStorage
from every_eval_tests.sources.eval_harness.output import AGAIN, BY_FILE, CHAT, FIRST, FIVE_SHOT, LLAMA, Output

STAMP = "2026-11-21T00-00-00.000001"


def of_suite(discovery: Discovery, suite: str) -> dict[str, Run]:
    return {run.facts["task"]: run for run in discovery.runs if run.suite == suite}


def shown(discovery: Discovery) -> set[tuple[str, str]]:
    [release] = discovery.releases.to_pylist()
    return {(run["suite"], run["run"]) for run in release["runs"]}


def copy_again(output: Output, suite: str, stamp: str = STAMP) -> None:
    """Evaluate once more, with the same outcome: all files of a suite under a later time stamp."""
    old = suite.rpartition("_")[2]
    for file in (output.path / "main" / LLAMA).glob(f"*_{old}.*"):
        shutil.copy(file, file.with_name(file.name.replace(old, stamp)))
    copied = f"{LLAMA}/results_{stamp}"
    output.write(copied, output.results(copied) | {"date": 1795200000.0})


def test_every_task_and_group_is_a_run_with_its_own_samples(output: Output) -> None:
    runs = of_suite(output.discover(), AGAIN)
    stamp = AGAIN.rpartition("_")[2]
    leaves = [
        f"samples_mmlu_local_{name}_{stamp}.jsonl" for name in ("astronomy", "college_physics", "professional_law")
    ]
    results = f"results_{stamp}.json"
    assert {name: [item.name for item in run.inputs] for name, run in runs.items()} == {
        "wikitext_local": [results, f"samples_wikitext_local_{stamp}.jsonl"],
        "boolq_brier_local": [results, f"samples_boolq_brier_local_{stamp}.jsonl"],
        "mmlu_local_astronomy": [results, leaves[0]],
        "mmlu_local_college_physics": [results, leaves[1]],
        "mmlu_local_professional_law": [results, leaves[2]],
        "mmlu_local_stem": [results, *leaves[:2]],
        "mmlu_local": [results, *leaves],
    }


def test_no_samples_file_is_of_two_tasks_or_of_none(output: Output) -> None:
    for benchmark in ("main", "file_style", "dummy", "predict_only", "no_samples"):
        runs = output.discover(benchmark).runs
        claimed = [
            f"{run.folder}/{item.name}"
            for run in runs
            if run.facts["task"] not in ("mmlu_local", "mmlu_local_stem")
            for item in run.inputs
            if item.name.endswith(".jsonl")
        ]
        there = [str(path.relative_to(output.path)) for path in (output.path / benchmark).rglob("*.jsonl")]
        assert sorted(claimed) == sorted(there)


def test_a_run_says_where_it_lies_and_from_what_it_was_found(output: Output) -> None:
    run = of_suite(output.discover(), FIVE_SHOT)["mmlu_local_astronomy"]
    assert run.folder == f"main/{LLAMA}"
    assert run.name == (
        "mmlu_local_astronomy:version=1.0,n_shot=5,model=meta-llama/Llama-2-7b-hf,model_deployment=hf(dtype=bfloat16)"
    )
    results, samples = run.inputs
    # the results file was read, and need not be again; the samples were not
    assert (results.md5, samples.md5) == (md5_of(output.file(FIVE_SHOT).read_bytes()), None)


def test_files_beside_each_other_under_a_name_of_ones_own_are_found(output: Output) -> None:
    [run] = output.discover("file_style").runs
    assert (run.suite, run.folder, len(run.inputs)) == (BY_FILE, "file_style", 2)


def test_a_repeated_run_has_the_same_name_in_another_suite_and_is_shown(output: Output) -> None:
    found = output.discover()
    first, again = (of_suite(found, suite)["wikitext_local"] for suite in (FIRST, AGAIN))
    assert first.name == again.name
    assert (again.identity in shown(found), first.identity in shown(found)) == (True, False)
    assert (again.releases, first.releases) == (("latest",), ())


def test_a_run_that_is_repeated_later_is_new_and_the_earlier_ones_stay_as_they_are(output: Output) -> None:
    before = {run.identity: run for run in output.discover().runs}
    copy_again(output, FIVE_SHOT)
    found = output.discover()
    after = {run.identity: run for run in found.runs}

    [added] = after.keys() - before.keys()
    assert added[0] == f"{LLAMA}/results_{STAMP}"
    assert added in shown(found)
    earlier = (FIVE_SHOT, added[1])
    assert earlier not in shown(found)
    for identity, run in before.items():
        assert (run.inputs, run.facts, run.folder) == (
            after[identity].inputs,
            after[identity].facts,
            after[identity].folder,
        )


def test_shots_and_limits_keep_runs_apart(output: Output) -> None:
    content = output.results(AGAIN)
    content["config"]["limit"] = 10.0
    output.write(AGAIN, content)
    names = {run.name.partition(",model=")[0] for run in output.discover().runs if "astronomy" in run.name}
    assert names == {
        "mmlu_local_astronomy:version=1.0,n_shot=5",
        "mmlu_local_astronomy:version=1.0,n_shot=0,limit=10",
    }


def test_a_task_whose_name_begins_as_anothers_keeps_its_samples(output: Output) -> None:
    longer = output.file(AGAIN, "wikitext_local_2")
    shutil.copy(output.file(AGAIN, "wikitext_local"), longer)
    runs = of_suite(output.discover(), AGAIN)
    assert [item.name for item in runs["wikitext_local_2"].inputs] == [f"{Path(AGAIN).name}.json", longer.name]
    assert longer.name not in [item.name for item in runs["wikitext_local"].inputs]


def test_results_without_a_time_stamp_have_no_samples(output: Output) -> None:
    output.file(CHAT).rename(output.path / "main" / "gpt-3.5-turbo-0125" / "mine.json")
    found = output.discover()
    [run] = of_suite(found, "gpt-3.5-turbo-0125/mine").values()
    assert [item.name for item in run.inputs] == ["mine.json"]
    [orphan] = [run for run in found.runs if "task" not in run.facts]
    assert orphan.identity not in shown(found)


def test_other_files_are_passed_over(output: Output) -> None:
    before = output.discover()
    (output.path / "main" / "settings.json").write_text(json.dumps({"results": "none"}))
    (output.path / "main" / "notes.txt").write_text("...")
    assert output.discover().runs == before.runs


def test_a_results_file_that_cannot_be_read_stops_no_other(output: Output) -> None:
    n_runs = len(output.discover().runs)
    output.file(CHAT).write_text("{")
    found = output.discover()
    assert len(found.runs) == n_runs + 1
    # The file and its samples are two runs, which are rejected: what is unreadable claims no samples.
    broken = [run for run in found.runs if "task" not in run.facts]
    assert sorted(run.inputs[0].name.partition("_")[0] for run in broken) == ["results", "samples"]
    assert not {run.identity for run in broken} & shown(found)


def test_an_unreadable_neighbour_claims_no_samples(output: Output) -> None:
    before = {run.identity: run for run in output.discover().runs}
    neighbour = output.file(CHAT).with_name(f"._{output.file(CHAT).name}")
    neighbour.write_bytes(b"\0\5\x16\7Mac OS X    ")
    after = {run.identity: run for run in output.discover().runs}
    assert {identity: after[identity] for identity in before} == before
    [run] = [run for identity, run in after.items() if identity not in before]
    assert [item.name for item in run.inputs] == [neighbour.name]


def test_a_file_of_another_program_is_named_in_a_warning(output: Output, caplog: pytest.LogCaptureFixture) -> None:
    (output.path / "main" / "tokenizer.json").write_text('{"results": 1}')
    output.discover()
    assert "main/tokenizer.json was left out: not a results file of lm-eval" in caplog.text


def test_a_benchmark_of_nothing_readable_has_no_release(output: Output) -> None:
    output.file(BY_FILE, benchmark="file_style").write_text("")
    found = output.discover("file_style")
    assert (len(found.runs), found.releases.num_rows) == (2, 0)


def test_runs_are_sorted_and_the_release_follows_its_contract(output: Output) -> None:
    found = output.discover()
    assert [run.identity for run in found.runs] == sorted(run.identity for run in found.runs)
    RELEASES.validate(found.releases)
    [release] = found.releases.to_pylist()
    assert release["suites"][:3] == [FIRST, FIVE_SHOT, AGAIN]


@pytest.mark.parametrize("benchmark", ["nothing", "empty"])
def test_a_folder_without_results_is_missing(output: Output, benchmark: str) -> None:
    (output.path / "empty").mkdir()
    for ask in (discover, index_witness):
        with pytest.raises(BenchmarkMissing, match="not a withdrawal"):
            ask(FolderStorage(output.path), benchmark)


def test_a_folder_of_other_files_is_missing_too(output: Output) -> None:
    (output.path / "others").mkdir()
    (output.path / "others" / "notes.txt").write_text("...")
    with pytest.raises(BenchmarkMissing, match="not a withdrawal"):
        output.discover("others")


def test_what_a_listing_leaves_out_is_rejected_by_name(output: Output) -> None:
    folder = output.path / "main" / "inner"
    os.makedirs(os.fsencode(folder) + b"/mod\xe8le")  # noqa: PTH103 - a path of pathlib is text
    (folder / "out").symlink_to("/")
    (folder / "in").symlink_to(output.path / "dummy" / "wxrd1574")
    before = index_witness(FolderStorage(output.path), "main")
    runs = output.discover().runs
    left_out = [run for run in runs if run.problem is not None]
    assert [(run.name, run.problem, run.folder, run.inputs) for run in left_out] == [
        (r"inner/mod\xe8le", Reason.UNSAFE_NAME, "", ()),
        ("inner/out", Reason.FILE_MISSING, "", ()),
    ]
    assert any(run.suite.startswith("inner/in/results_") for run in runs)
    for run in left_out:
        [reject] = output.read(run).rejects
        assert (reject.reason, reject.detail.partition(":")[0]) == (run.problem, run.name)
    (folder / "out").unlink()
    assert index_witness(FolderStorage(output.path), "main") != before


def test_a_benchmark_whose_name_is_not_utf_8_is_rejected_by_name(output: Output) -> None:
    os.mkdir(os.fsencode(output.path) + b"/mod\xe8le")  # noqa: PTH102 - a path of pathlib is text
    found = output.discover(r"mod\xe8le")
    [run] = found.runs
    assert run.benchmark == run.name == r"mod\xe8le"
    assert (run.problem, run.inputs) == (Reason.UNSAFE_NAME, ())
    assert index_witness(FolderStorage(output.path), r"mod\xe8le")
    assert found.releases.num_rows == 0


def test_the_witness_changes_with_a_file_and_with_none_of_another_benchmark(output: Output) -> None:
    storage = FolderStorage(output.path)
    before = index_witness(storage, "main")
    (output.path / "dummy" / "notes.txt").write_text("...")
    assert index_witness(storage, "main") == before
    copy_again(output, FIVE_SHOT)
    assert index_witness(storage, "main") != before
