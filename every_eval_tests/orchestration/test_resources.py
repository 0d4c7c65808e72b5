"""Resources open the storage that the settings name."""

import pytest

from every_eval.orchestration.resources import SourceResource
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.inspect.source import InspectSource
from every_eval_tests.storage.bucket_server import BucketServer


def test_the_listing_of_a_mirror_is_where_the_setting_says(monkeypatch: pytest.MonkeyPatch) -> None:
    objects = {"lite/benchmark_output/runs/v1/r/stats.json": b"[]"}
    with BucketServer(objects, is_plain=True) as mirror, BucketServer(objects) as listing:
        monkeypatch.setenv("EVERY_EVAL_HELM_ROOT", mirror.root_url)
        assert not SourceResource(source="helm").open(HelmSource()).can_list

        monkeypatch.setenv("EVERY_EVAL_HELM_LISTING", listing.listing_url)
        storage = SourceResource(source="helm").open(HelmSource())
        [found] = storage.list("")
        assert storage.read(found.name, found.witness) == b"[]"
        assert [request.name for request in mirror.requests if request.method == "GET"][-1] == found.name


def test_inspect_is_set_up_as_the_setting_says(monkeypatch: pytest.MonkeyPatch) -> None:
    place = SourceResource(source="inspect")
    assert place.set_up(InspectSource()) == InspectSource("final")
    monkeypatch.setenv("EVERY_EVAL_INSPECT_MESSAGES", "none")
    assert place.set_up(InspectSource()) == InspectSource("none")
    helm = HelmSource()
    assert place.set_up(helm) is helm
