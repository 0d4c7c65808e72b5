"""Clusters of documents, and the spread of a score between them."""

import json
from hashlib import sha256
from typing import Any

import pytest

from every_eval.contracts.canonical import canonical_json
from every_eval.sources.eval_harness.clusters import cluster_of
from every_eval_tests.sources.eval_harness.output import FIVE_SHOT, Output, statistics


def digest(name: str, value: str | int) -> str:
    return sha256(canonical_json([name, value]).encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"dialogue_id": "0-0", "question": "?"}, digest("dialogue_id", "0-0")),
        ({"passage_id": 7, "passage": "A text."}, digest("passage_id", 7)),
        ({"passage": "A text.", "idx": 4}, digest("passage", "A text.")),
        ({"idx": {"paragraph": 3, "question": 8, "answer": 1}}, digest("idx.paragraph", 3)),
        ({"question": "?", "context": "Shared by many.", "id": "a"}, None),
        ({"passage": "", "article": None, "story_id": True}, None),
        ("a text", None),
        (None, None),
    ],
)
def test_a_cluster_is_what_a_field_of_the_document_names(document: Any, expected: str | None) -> None:
    assert cluster_of(document) == expected


def test_documents_of_one_dialogue_are_clusters_of_the_score_and_of_the_item_scores(output: Output) -> None:
    path = output.file(FIVE_SHOT, "mmlu_local_astronomy")
    rows = [json.loads(text) for text in path.read_text().splitlines()]
    for row in rows:
        row["doc"]["dialogue_id"] = row["doc_id"] // 2
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    read = output.read(output.run(FIVE_SHOT, "mmlu_local_astronomy"))
    [main] = [row for row in statistics(read).values() if row["is_main_metric"]]
    scores = {int(row["instance_id"]): row["value"] for row in read.item_scores.to_pylist()}
    groups = {document // 2 for document in scores}
    # u = G / n Σ (x - mean) of each dialogue
    totals = [sum(value - main["mean"] for document, value in scores.items() if document // 2 == g) for g in groups]
    assert main["n_clusters"] == len(groups) < main["n_scored"]
    assert main["cluster_m2"] == pytest.approx(sum((len(groups) / len(scores) * total) ** 2 for total in totals))
    found = {int(row["instance_id"]): row["cluster"] for row in read.item_scores.to_pylist()}
    assert found == {document: digest("dialogue_id", document // 2) for document in scores}


def test_a_score_has_no_clusters_if_one_document_names_none(output: Output) -> None:
    path = output.file(FIVE_SHOT, "mmlu_local_astronomy")
    rows = [json.loads(text) for text in path.read_text().splitlines()]
    for row in rows[1:]:
        row["doc"]["dialogue_id"] = 1
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    read = output.read(output.run(FIVE_SHOT, "mmlu_local_astronomy"))
    assert {(row["n_clusters"], row["cluster_m2"]) for row in statistics(read).values()} == {(None, None)}
