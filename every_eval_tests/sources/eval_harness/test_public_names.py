import json
import pickle
from pathlib import Path

import pytest

from every_eval.sources.eval_harness.discovery import discover
from every_eval.sources.eval_harness.public_names import PublicNames, public_path
from every_eval.sources.eval_harness.source import EvalHarnessSource
from every_eval.storage.folder import FolderStorage

SECRET = "Zq9SecretToken77"
STAMP = "2026-02-03T04-05-06.789012"
ROW = {"doc_id": 0, "doc": {}, "target": "a", "arguments": [], "resps": [], "filtered_resps": ["a"], "acc": 1.0}


def storage(root: Path, *names: str, arguments: str = "pretrained=a/b") -> PublicNames:
    results = {
        "results": {"quiz": {"acc,none": 1.0}},
        "configs": {"quiz": {"metric_list": [{"metric": "acc", "aggregation": "mean"}]}},
        "config": {"model": "hf", "model_args": arguments},
    }
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(json.dumps(results if name.endswith(".json") else ROW))
    return PublicNames(FolderStorage(root))


@pytest.mark.parametrize(
    ("name", "public"),
    [
        (f"b/a__b/results_{STAMP}.json", f"b/a__b/results_{STAMP}.json"),
        (f"b/__data__ckpts__llama/samples_a__b__c_{STAMP}.jsonl", f"b/…__llama/samples_a__b__c_{STAMP}.jsonl"),
        ("b/..__x__epoch_2/out.json", "b/…__epoch_2/out.json"),
        (f"b/https__u__{SECRET}@host__v1/out.json", "b/…__v1/out.json"),
        (f"b/https:__u:{SECRET}@host_{STAMP}.json", f"b/…_{STAMP}.json"),
        (f"b/pretrained=a__b,token={SECRET}_quiz.jsonl", "b/pretrained=a__b,token=….jsonl"),
        (f"b/token__{SECRET},pretrained__a__b_quiz.jsonl", "b/token__…,pretrained__a__b_quiz.jsonl"),
        (f"b/pretrained=a__b,header={{'x': '{SECRET},{SECRET}'}}_quiz.jsonl", "b/pretrained=a__b,header=…,….jsonl"),
        ("b/pretrained=__home__bob__llama,dtype=float_quiz.jsonl", "b/pretrained=…__llama,dtype=float_quiz.jsonl"),
        (f"b/hf_{SECRET}/out.json", "b/…/out.json"),
        ("__my__own__benchmark/a/out.json", "__my__own__benchmark/a/out.json"),
    ],
)
def test_a_name_keeps_what_may_be_published(name: str, public: str) -> None:
    assert public_path(name) == public


def test_files_are_read_by_their_public_names_in_other_processes_too(tmp_path: Path) -> None:
    names = [f"b/__data__{folder}__llama/results_{STAMP}.json" for folder in ("one", "two")]
    of = storage(tmp_path, *names, "b/a__b/results_1.json")
    public = ["b/a__b/results_1.json", f"b/…2__llama/results_{STAMP}.json", f"b/…__llama/results_{STAMP}.json"]
    listed = list(of.list("b/"))
    assert [item.name for item in listed] == public
    assert [item.name for item in of.list("b/…__llama/")] == public[2:]
    assert of.list_folders("b/") == ["a__b", "…2__llama", "…__llama"]
    assert list(of.list_folders("")) == ["b"]
    (tmp_path / names[1]).write_text("two")
    elsewhere = pickle.loads(pickle.dumps(PublicNames(of.storage)))
    assert elsewhere.read(public[1]) == b"two"
    assert elsewhere.read_range(public[1], 1, 3) == b"wo"
    with elsewhere.open(public[1]) as file:
        assert file.read() == b"two"
    found = elsewhere.stat(public[1])
    assert found is not None
    assert (found.name, found.size) == (public[1], 3)
    assert elsewhere.open_digested(public[1], found.witness).size == 3
    assert elsewhere.stat("b/…3__llama/results.json") is None


@pytest.mark.parametrize("equals", ["=", "__"])
def test_samples_of_old_versions_are_paired_by_public_names(tmp_path: Path, equals: str) -> None:
    arguments = f"api_key={SECRET},pretrained=/home/bob/llama"
    written = arguments.replace("/", "__").replace("=", equals)
    of = storage(tmp_path, "b/m/out.json", f"b/m/{written}_quiz.jsonl", arguments=arguments)
    [run] = discover(of, "b").runs
    assert len(run.inputs) == 2
    assert SECRET not in repr(run)
    assert "bob" not in repr(run)
    pieces = list(EvalHarnessSource().read(run, lambda name: of.open(f"{run.folder}/{name}")))
    assert sum(piece.samples.num_rows for piece in pieces) == 1
    assert SECRET not in repr([(piece.samples.to_pylist(), piece.stats.to_pylist(), piece.rejects) for piece in pieces])


def test_results_in_the_root_have_a_folder_of_their_own(tmp_path: Path) -> None:
    names = [f"results_{STAMP}.json", f"samples_quiz_{STAMP}.jsonl", "token=x_quiz.jsonl"]
    of = storage(tmp_path, "other/m/out.json", "files_in_root/m/out.json", *names)
    (tmp_path / "notes.txt").write_text("")
    assert EvalHarnessSource().benchmarks(of) == ["files_in_root", "files_in_root_", "other"]
    shown = [f"files_in_root_/{name}" for name in (*names[:2], "token=….jsonl")]
    assert [item.name for item in of.list("files_in_root_/")] == shown
    assert [item.name for item in of.list("files_in_root/")] == ["files_in_root/m/out.json"]
    assert PublicNames(of.storage).read(shown[2]) == (tmp_path / names[2]).read_bytes()
    by_inputs = {len(run.inputs): run for run in discover(of, "files_in_root_").runs}
    assert (by_inputs[2].folder, by_inputs[2].facts) == ("files_in_root_", {"task": "quiz"})
    [piece, *_] = EvalHarnessSource().read(by_inputs[2], lambda name: of.open(f"{by_inputs[2].folder}/{name}"))
    assert piece.samples.num_rows == 1


def test_a_storage_is_shown_as_what_it_is(tmp_path: Path) -> None:
    of = storage(tmp_path, f"b/hf_{SECRET}.json")
    (tmp_path / "b" / f"hf_{SECRET}").symlink_to("/")
    assert (of.location, of.is_remote, of.can_list) == (str(tmp_path), False, True)
    assert [item.name for item in of.skipped("")] == ["b/…"]
    assert [item.name for item in of.list("")] == ["b/….json"]
