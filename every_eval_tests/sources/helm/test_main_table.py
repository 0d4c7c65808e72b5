import json

import pytest

from every_eval.contracts.releases import RELEASES
from every_eval.errors import UpstreamMalformed
from every_eval.sources.helm.main_table import directions, release_schema
from every_eval_tests.sources.publishing import Publishing


def _release(schema_json: str | None) -> dict[str, object]:
    return {"release": "v1", "schema_json": schema_json}


def test_directions_are_those_that_a_real_schema_states(sample: Publishing) -> None:
    for release in sample.rows(RELEASES).to_pylist():
        metrics = json.loads(release["schema_json"])["metrics"]
        stated = {m["name"]: m["lower_is_better"] for m in metrics if m.get("lower_is_better") is not None}

        assert directions(release) == stated
        assert 0 < len(stated) < len(metrics)


def test_a_release_before_schemas_states_none() -> None:
    assert release_schema(_release(None)) is None
    assert directions(_release(None)) == {}


def test_a_schema_that_cannot_be_read_is_named_by_its_release() -> None:
    with pytest.raises(UpstreamMalformed, match=r"schema\.json of v1"):
        directions(_release("{"))
