import json

from every_eval.sources.eval_harness.published_spec import published_spec
from every_eval_tests.sources.eval_harness.output import AGAIN, Output, results, task


def test_the_specification_holds_what_makes_results_comparable(output: Output) -> None:
    content = output.results(AGAIN)
    spec = json.loads(published_spec(results(**content), "wikitext_local").json)
    assert spec["task_hash"] == content["task_hashes"]["wikitext_local"]
    assert spec["results"] == content["results"]["wikitext_local"]
    assert (spec["version"], spec["n-shot"], spec["n-samples"]) == (2.0, 0, {"original": 18, "effective": 18})
    assert spec["config"]["model_sha"] == content["config"]["model_sha"]
    assert (spec["lm_eval_version"], spec["chat_template_sha"]) == ("0.4.13", None)
    assert spec["task_config"]["output_type"] == "loglikelihood_rolling"


def test_the_specification_keeps_no_secret_and_nothing_of_the_machine() -> None:
    of_task = {
        "task": "quiz",
        "description": "Answer. Authorization: SECRET",
        "metadata": {"version": 1, "token": "SECRET", "pretrained": "a/b", "seen": "SECRET"},
        "dataset_path": "/home/bob/data",
        "dataset_kwargs": {"token": "SECRET", "data_files": {"test": "/home/bob/data/test.json"}},
        "generation_kwargs": {"until": ["."], "extra_body": "SECRET"},
        "hook": "SECRET",
    }
    of = task(
        of_task,
        config={
            "model_args": "pretrained=a/b,token=SECRET,base_url=http://SECRET@host",
            "gen_kwargs": "temperature=0,extra_headers=SECRET",
            "env": {"KEY": "SECRET"},
            "use_cache": "/home/bob/cache",
        },
        pretty_env_info="GPU SECRET",
    )
    spec = published_spec(of.results, "quiz")
    assert "SECRET" not in spec.json
    assert "bob" not in spec.json
    assert json.loads(spec.json)["task_config"] == {
        "task": "quiz",
        "description": "Answer. Authorization: [redacted]",
        "metadata": {"version": 1},
        "dataset_path": "data",
        "dataset_kwargs": {"data_files": {}},
        "generation_kwargs": {"until": ["."]},
    }
    assert json.loads(spec.json)["config"] == {
        "model_args": {"pretrained": "a/b"},
        "gen_kwargs": {"temperature": "0"},
        "use_cache": "cache",
    }
    assert spec.withheld == (
        "base_url",
        "config.env",
        "dataset_kwargs.data_files.test",
        "dataset_kwargs.token",
        "gen_kwargs.extra_headers",
        "generation_kwargs.extra_body",
        "hook",
        "metadata.seen",
        "token",
    )
