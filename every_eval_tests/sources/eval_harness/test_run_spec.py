import json

from every_eval.sources.eval_harness.run_spec import run_spec
from every_eval.sources.eval_harness.task import Task
from every_eval_tests.sources.eval_harness.output import AGAIN, Output, results, task


def test_the_specification_holds_what_makes_results_comparable(output: Output) -> None:
    content = output.results(AGAIN)
    spec = json.loads(run_spec(Task(results(**content), "wikitext_local")))
    assert spec["task_hash"] == content["task_hashes"]["wikitext_local"]
    assert spec["results"] == content["results"]["wikitext_local"]
    assert (spec["version"], spec["n-shot"], spec["n-samples"]) == (2.0, 0, {"original": 18, "effective": 18})
    assert spec["config"]["model_sha"] == content["config"]["model_sha"]
    assert (spec["lm_eval_version"], spec["chat_template_sha"]) == ("0.4.13", None)
    assert spec["task_config"]["output_type"] == "loglikelihood_rolling"


def test_the_specification_keeps_no_secret_and_nothing_of_the_machine() -> None:
    config = {"metadata": {"version": 1, "token": "hf_abc", "pretrained": "a/b"}}
    of = task(config, config={"model_args": "pretrained=a/b,token=hf_abc"}, pretty_env_info="GPU 0")
    spec = run_spec(of)
    assert "hf_abc" not in spec
    assert "GPU" not in spec
    assert json.loads(spec)["task_config"]["metadata"] == {"version": 1}
