"""The same results give the same datasets from every kind of storage."""

from pathlib import Path

import pytest

from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval.storage.folder import FolderStorage
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.ingestion.buckets import objects_of, publishing_from
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.storage.bucket_server import BucketServer


@pytest.mark.slow
def test_the_sample_in_a_bucket_gives_what_it_gives_in_an_archive(sample: Publishing, tmp_path: Path) -> None:
    with BucketServer(objects_of(ArchiveStorage(HELM_SAMPLE))) as server:
        published = publishing_from(server, tmp_path, sample.shard_bytes)
        published.refresh("lite", "mmlu", "classic")
    assert published.data() == sample.data()


@pytest.mark.parametrize("kind", ["bucket", "gzip", "bucket without a listing", "mirror"])
def test_a_root_gives_what_it_gives_as_a_folder(root: HelmRoot, tmp_path: Path, kind: str) -> None:
    publishing = Publishing.of(root.path, tmp_path / "folder")
    publishing.refresh()
    objects = objects_of(FolderStorage(root.path))
    encoded = frozenset(objects if kind == "gzip" else ())
    with BucketServer(objects, encoded, is_plain=kind == "mirror", has_listing="without" not in kind) as server:
        published = publishing_from(server, tmp_path / "http")
        published.refresh()
        assert published.data() == publishing.data()
        only_remote = {"index_files/helm_mmlu.parquet"}
        assert published.contents().keys() - only_remote == publishing.contents().keys()
