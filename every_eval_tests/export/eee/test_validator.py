"""The official validator accepts every file: every-eval-ever 0.3.0, in a virtual environment of its own."""

import json
import subprocess
from pathlib import Path

import pytest

from every_eval.readers.published import Published
from every_eval_tests.export.eee.records import VALIDATOR, Records

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not VALIDATOR.exists(),
        reason="the validator is not installed; run .ci/validator python3.12",
    ),
]


def complaints(out: Path) -> list[str]:
    """Return what the validator says of the files in a folder; first it must have read each of them."""
    files = ["data/*/*/*/*.json", "data/*/*/*/*.jsonl"]
    command = [str(VALIDATOR), "validate", "--format", "json", *files]
    done = subprocess.run(command, cwd=out, capture_output=True, text=True, check=False)
    reports = json.loads(done.stdout)
    assert len(reports) == sum(path.is_file() for path in (out / "data").rglob("*"))
    return [
        f"{each['file']}: {each['errors']} {each['warnings']}" for each in reports if each["errors"] or each["warnings"]
    ]


@pytest.mark.parametrize("level", ["main", "all"])
def test_every_file_of_every_source_passes(published: Published, tmp_path: Path, level: str) -> None:
    records = Records.export(published, tmp_path, level=level, samples=True)
    assert records.exported.counts.rows > 1000
    assert complaints(tmp_path) == []


def test_the_validator_refuses_a_wrong_file(published: Published, tmp_path: Path) -> None:
    records = Records.export(published, tmp_path, samples=True)
    file = tmp_path / next(iter(records.aggregates()))
    aggregate = json.loads(file.read_bytes())
    aggregate["evaluation_results"][0]["score_details"]["score"] = None
    file.write_text(json.dumps(aggregate))
    assert len(complaints(tmp_path)) == 1
