"""Which storage reads which root."""

from pathlib import Path

import pytest

from every_eval.errors import ConfigurationError
from every_eval.storage.archive import HELM_SAMPLE
from every_eval.storage.root import storage_at


def test_no_root_is_the_bundled_sample() -> None:
    storage = storage_at(None)
    assert storage.location == str(HELM_SAMPLE)
    assert list(storage.list_folders("")) == ["classic", "config", "lite", "mmlu"]


def test_a_path_is_a_folder_or_a_zip_file_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "helm/config").mkdir(parents=True)
    (tmp_path / "sample.zip").write_bytes(HELM_SAMPLE.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert storage_at("helm").location == str(tmp_path / "helm")
    assert list(storage_at("helm").list_folders("")) == ["config"]
    assert list(storage_at("sample.zip").list_folders("config/")) == []
    assert storage_at("sample.zip").stat("config/project_metadata.json") is not None


def test_a_url_is_a_bucket_or_refused() -> None:
    url = "https://storage.googleapis.com/crfm-helm-public"
    assert storage_at(f"{url}/").location == url
    with pytest.raises(ConfigurationError, match="https://host/bucket"):
        storage_at("ftp://crfm-helm-public")
    assert storage_at("gs://crfm-helm-public/lite/").location == "gs://crfm-helm-public/lite"
    with pytest.raises(ConfigurationError, match="without credentials"):
        storage_at("s3://user:password@bucket")
