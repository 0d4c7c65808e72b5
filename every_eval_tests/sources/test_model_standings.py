from typing import Any

import pyarrow as pa
import pytest

from every_eval.contracts.stats import STATS
from every_eval.sources.main_table import MainTable
from every_eval.sources.model_standings import directions, main_table
from every_eval_tests.sources.eval_harness.output import AGAIN, FIVE_SHOT, Output

LLAMA_7B = "meta-llama/Llama-2-7b-hf"


def tables(output: Output, benchmark: str = "main") -> tuple[dict[str, Any], pa.Table]:
    found = output.discover(benchmark)
    [release] = found.releases.to_pylist()
    return release, pa.concat_tables(STATS.decode(output.read(run).stats) for run in found.runs)


def table_of(output: Output, benchmark: str = "main") -> tuple[dict[str, Any], MainTable]:
    release, stats = tables(output, benchmark)
    table = main_table(release, stats)
    assert table is not None
    return release, table


def test_models_stand_on_what_they_were_evaluated_on(output: Output) -> None:
    _, table = table_of(output)
    scores = {row.facts["model_name"]: [score.value for score in row.scores] for row in table.standings}
    reported = {suite: output.results(suite)["results"] for suite in (AGAIN, FIVE_SHOT)}
    # columns: boolq, gsm8k_sc, mmlu (the group), mmlu_astronomy with 5 shots is in the group, triviaqa, wikitext
    assert [value is not None for value in scores[LLAMA_7B]] == [True, False, True, False, True]
    assert scores[LLAMA_7B][2] == pytest.approx(reported[AGAIN]["mmlu_local"]["acc,none"], rel=1e-12)
    assert scores[LLAMA_7B][4] == pytest.approx(reported[AGAIN]["wikitext_local"]["word_perplexity,none"], rel=1e-12)
    assert table.lower_is_better == [False, False, False, False, True]
    assert table.has_win_rates


def test_scores_that_rows_give_name_their_statistic(output: Output) -> None:
    _, table = table_of(output)
    [row] = [row for row in table.standings if row.facts["model_name"] == LLAMA_7B]
    group = row.scores[2]
    [(key, weight, mean)] = group.statistics
    assert (key.suite, key.metric_name, key.perturbation, weight, mean) == (AGAIN, "acc,none", None, 1, group.value)
    assert key.run.startswith("mmlu_local")


def test_what_is_only_reported_names_no_statistic(output: Output) -> None:
    _, table = table_of(output, "no_samples")
    [row] = table.standings
    [score] = row.scores
    assert (score.value, score.statistics) == (
        output.results("meta-llama__Llama-2-7b-hf/results_2026-11-20T04-29-49.013206", "no_samples")["results"][
            "arc_local"
        ]["acc,none"],
        (),
    )


def test_the_newest_run_counts_and_not_the_one_that_it_repeats(output: Output) -> None:
    content = output.results(AGAIN)
    reported = content["results"]["wikitext_local"]
    del content["task_hashes"], reported["word_perplexity,none"]
    output.write(AGAIN, content | {"results": content["results"]})
    output.file(AGAIN, "wikitext_local").unlink()
    _, table = table_of(output)
    [row] = [row for row in table.standings if row.facts["model_name"] == LLAMA_7B]
    assert len(row.scores) == 5
    # the newest run reports byte_perplexity first, so that is its main metric now
    assert row.scores[4].value == reported["byte_perplexity,none"]


@pytest.mark.parametrize("benchmark", ["dummy", "predict_only"])
def test_limited_runs_and_predictions_alone_make_no_table(output: Output, benchmark: str) -> None:
    assert main_table(*tables(output, benchmark)) is None


def test_a_model_is_known_by_name_and_size(output: Output) -> None:
    _, table = table_of(output)
    facts = {row.facts["model_name"]: row.facts for row in table.standings}
    stated = output.results(AGAIN)["config"]["model_num_parameters"]
    assert facts[LLAMA_7B] == {
        "model_name": LLAMA_7B,
        "model_deployment": "hf(dtype=bfloat16)",
        "display_name": LLAMA_7B,
        "creator": None,
        "access": None,
        "release_date": None,
        "num_parameters": stated,
    }
    assert facts["gpt-3.5-turbo-0125"]["num_parameters"] is None


def test_directions_are_by_metric_and_filter(output: Output) -> None:
    release, _ = tables(output)
    found = directions(release)
    assert (found["acc,none"], found["word_perplexity,none"], found["brier_score,none"]) == (False, True, True)
    assert found["exact_match,maj@4"] is False
