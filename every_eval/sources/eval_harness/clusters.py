"""Clusters of documents: questions on one passage or dialogue, where a field of the document names it.

Documents are as their data set has them, and only these fields say that documents belong together. Texts that several
documents happen to share say nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from every_eval.sources.eval_harness.sample_rows import ScoredRow
from every_eval.sources.items import cluster

FIELDS: Final = (
    *("passage_id", "paragraph_id", "article_id", "story_id", "dialogue_id", "conversation_id"),
    *("passage", "article"),
)
"""Fields of a document that name its passage or dialogue, or hold its text; the first that a document has counts."""
PARTS_OF_INDEX: Final = ("passage", "paragraph")
"""Fields of the object `idx` of ReCoRD and MultiRC, data sets of SuperGLUE, that number the passage."""
_NAMES: Final = frozenset({*FIELDS, "idx"})


def cluster_of(document: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """Return the digest of a document's cluster; null if no field of the document names one."""
    if not isinstance(document, dict) or _NAMES.isdisjoint(document):
        return None
    for name in FIELDS:
        if name in document and _is_name(document[name]):
            return cluster(name, document[name])
    stated = document.get("idx")
    index: Mapping[str, Any] = stated if isinstance(stated, dict) else {}
    for name in PARTS_OF_INDEX:
        if _is_name(index.get(name)):
            return cluster(f"idx.{name}", index[name])
    return None


def clusters_of(rows: Iterable[ScoredRow]) -> dict[int, str]:
    """Return the cluster of each document that has one, by the number of the document."""
    found = ((row.sample.doc_id, cluster_of(row.sample.doc)) for row in rows)
    return {document: name for document, name in found if name is not None}


def _is_name(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""
