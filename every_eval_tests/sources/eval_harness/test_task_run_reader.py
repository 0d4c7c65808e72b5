import json

import pyarrow as pa

from every_eval.contracts.rejects import Reason
from every_eval.contracts.samples import SAMPLES
from every_eval.sources.source import RunRows
from every_eval_tests.sources.eval_harness.output import AGAIN, CHAT, Output, sample_rows, statistics

NO_SAMPLES = "meta-llama__Llama-2-7b-hf/results_2026-11-20T04-29-49.013206"


def places(rows: RunRows) -> list[tuple[Reason, str | None, str | None]]:
    return [(reject.reason, reject.file, reject.place) for reject in rows.rejects]


def test_a_task_arrives_whole(output: Output) -> None:
    run = output.run(AGAIN, "wikitext_local")
    rows = output.read(run)
    assert (rows.samples.num_rows, rows.metrics.num_rows, rows.stats.num_rows, rows.rejects) == (18, 54, 3, ())
    for table in (rows.samples, rows.metrics, rows.stats):
        assert set(zip(table["suite"].to_pylist(), table["run"].to_pylist(), strict=True)) == {run.identity}


def test_a_large_run_comes_in_pieces_of_the_same_rows(output: Output) -> None:
    run = output.run(AGAIN, "wikitext_local")
    pieces = output.pieces(run, piece_rows=7)
    # 18 rows, then what is left to reject, then statistics
    assert [piece.samples.num_rows for piece in pieces] == [7, 7, 4, 0, 0]
    assert [piece.metrics.num_rows for piece in pieces] == [21, 21, 12, 0, 0]
    assert [piece.stats.num_rows for piece in pieces] == [0, 0, 0, 0, 3]
    samples = pa.concat_tables([SAMPLES.decode(piece.samples) for piece in pieces])
    assert samples.equals(output.read(run).samples)


def test_a_group_has_statistics_and_no_rows_of_its_own(output: Output) -> None:
    rows = output.read(output.run(AGAIN, "mmlu_local_stem"))
    assert (rows.samples.num_rows, rows.metrics.num_rows, rows.stats.num_rows) == (0, 0, 1)


def test_what_cannot_be_read_of_a_task_is_not_told_again_of_its_group(output: Output) -> None:
    file = output.file(AGAIN, "mmlu_local_astronomy")
    file.write_bytes(file.read_bytes()[:-10])
    assert places(output.read(output.run(AGAIN, "mmlu_local_astronomy"))) == [(Reason.NOT_JSON, file.name, "$[17]")]
    group = output.read(output.run(AGAIN, "mmlu_local"))
    assert group.rejects == ()
    # nothing is computed of the 65 rows that are left of 66
    assert group.disagreements == []
    row = statistics(group)["acc,none"]
    assert (row["mean"], row["m2"], row["is_complete"], row["n_rejected"]) == (None, None, False, 1)
    assert row["unscored_reason"] == "mmlu_local_astronomy: 1 row could not be read"
    assert row["reported_mean"] == output.results(AGAIN)["results"]["mmlu_local"]["acc,none"]


def test_a_line_cut_short_leaves_the_others(output: Output) -> None:
    file = output.file(AGAIN, "wikitext_local")
    file.write_bytes(file.read_bytes()[:-10])
    rows = output.read(output.run(AGAIN, "wikitext_local"))
    assert len(sample_rows(rows)) == 17
    assert places(rows) == [(Reason.NOT_JSON, file.name, "$[17]")]


def test_rows_that_are_missing_are_told(output: Output) -> None:
    rows = output.read(output.run(CHAT, "triviaqa_local"))
    assert len(sample_rows(rows)) == 4
    assert places(rows) == [(Reason.UNEXPECTED_SHAPE, output.file(CHAT, "triviaqa_local").name, None)]
    for row in statistics(rows).values():
        assert [row[name] for name in ("mean", "is_complete", "n_rejected", "n_instances")] == [None, False, 1, 4]
        assert "lm-eval counted" in row["unscored_reason"]


def test_a_run_without_samples_is_told_and_its_report_kept(output: Output) -> None:
    rows = output.read(output.run(NO_SAMPLES, "arc_local", "no_samples"))
    assert rows.samples.num_rows == rows.metrics.num_rows == 0
    assert places(rows) == [(Reason.FILE_MISSING, None, None)]
    reported = output.results(NO_SAMPLES, "no_samples")["results"]["arc_local"]
    assert {name: row["reported_mean"] for name, row in statistics(rows).items()} == {
        name: reported[name] for name in ("acc,none", "acc_norm,none")
    }


def test_nan_in_a_row_is_null_with_a_reject(output: Output) -> None:
    first, *others = output.rows(AGAIN, "mmlu_local_astronomy")
    file = output.file(AGAIN, "mmlu_local_astronomy")
    file.write_text("".join(json.dumps(row) + "\n" for row in (first | {"acc": float("nan")}, *others)))
    rows = output.read(output.run(AGAIN, "mmlu_local_astronomy"))
    assert places(rows) == [(Reason.NOT_FINITE, file.name, "$[0].acc")]
    assert sample_rows(rows)[0]["evaluation_score"] is None
    row = statistics(rows)["acc,none"]
    # no mean of the 17 others stands for the mean of all 18
    assert [row[name] for name in ("n_instances", "n_scored", "mean", "m2")] == [18, 0, None, None]
    assert row["reported_mean"] == output.results(AGAIN)["results"]["mmlu_local_astronomy"]["acc,none"]
    assert (row["unscored_reason"], row["is_complete"]) == ("1 of 18 values are not finite", True)
    assert rows.disagreements == []


def test_nan_in_the_results_is_null_with_a_reject(output: Output) -> None:
    content = output.results(AGAIN)
    content["results"]["wikitext_local"]["bits_per_byte,none"] = float("nan")
    output.write(AGAIN, content)
    rows = output.read(output.run(AGAIN, "wikitext_local"))
    place = "$.results['wikitext_local']['bits_per_byte,none']"
    assert places(rows) == [(Reason.NOT_FINITE, output.file(AGAIN).name, place)]
    assert statistics(rows)["bits_per_byte,none"]["reported_mean"] is None


def test_a_results_file_cut_short_is_a_run_that_is_rejected(output: Output) -> None:
    file = output.file(CHAT)
    file.write_bytes(file.read_bytes()[:-10])
    [run] = [run for run in output.discover().runs if run.suite == CHAT]
    rows = output.read(run)
    assert (rows.samples.num_rows, rows.metrics.num_rows, rows.stats.num_rows) == (0, 0, 0)
    assert places(rows) == [(Reason.NOT_JSON, file.name, None)]


def test_samples_without_results_are_rejected(output: Output) -> None:
    file = output.file(CHAT, "triviaqa_local")
    output.file(CHAT).unlink()
    [run] = [run for run in output.discover().runs if run.folder.endswith("gpt-3.5-turbo-0125")]
    rows = output.read(run)
    assert rows.samples.num_rows == 0
    assert places(rows) == [(Reason.FILE_MISSING, file.name, None)]
