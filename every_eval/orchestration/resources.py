"""Resources: where results are read from, where datasets are published, and where failures are posted.

Every field is optional. A field that the run config does not state is taken from its environment variable when the run
starts, and without the variable from the setting's default.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

import dagster as dg
from pydantic import Field, PrivateAttr

from every_eval.errors import ConfigurationError
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Hub, Snapshot
from every_eval.hub.paths import SPACES
from every_eval.ingestion.whole_shards import listing_doubt
from every_eval.network.redaction import redact, redact_logs
from every_eval.scoring.scores_listing import scores_listing_doubt
from every_eval.settings import (
    HUGGING_FACE,
    AlertSettings,
    ClockSettings,
    HubAccess,
    HubSettings,
    InspectSettings,
    ShardSettings,
    SourceSettings,
    page_space,
    read_benchmarks,
    read_settings,
    read_source_settings,
    source_prefix,
)
from every_eval.sources.inspect.source import InspectSource
from every_eval.sources.source import Source
from every_eval.storage.root import storage_at
from every_eval.storage.storage import Storage

DEFAULT_ENDPOINT: Final = "https://huggingface.co"
CACHE: Final = "data/cache"
"""Folder that keeps what was fetched from the Hugging Face Hub, or published there."""


class HubResource(dg.ConfigurableResource[None]):
    """The Hub that the datasets are published on: a folder ($EVERY_EVAL_HUB, default data/hub) or huggingface.

    The data repo ($EVERY_EVAL_DATA_REPO) holds what was ingested, the scores repo ($EVERY_EVAL_SCORES_REPO) the
    leaderboards, and the page's repo ($EVERY_EVAL_PAGE_REPO) a page that shows both. The absolute place of every file
    is in the metadata of the assets.
    """

    hub: str | None = Field(
        default=None, description="A folder, or huggingface. Default: $EVERY_EVAL_HUB, else data/hub."
    )
    data_repo: str | None = Field(
        default=None,
        description="Repo of the ingested rows. Default: $EVERY_EVAL_DATA_REPO, else evaleval/every_eval_ever.",
    )
    scores_repo: str | None = Field(
        default=None,
        description="Repo of the leaderboards. Default: $EVERY_EVAL_SCORES_REPO, else evaleval/every_eval_score_ever.",
    )

    page_repo: str | None = Field(
        default=None,
        description="Repo of the page, a Space, or none. Default: $EVERY_EVAL_PAGE_REPO, else every_eval_page of the "
        "scores repo's owner.",
    )

    _opened: Hub | None = PrivateAttr(default=None)

    def open(self) -> Hub:
        """Open the Hub, once in a run, so that a run asks only once for what it already knows."""
        if self._opened is None:
            redact_logs()
            self._opened = self._open()
        return self._opened

    @property
    def place(self) -> str:
        """The path of a folder, or `HUGGING_FACE`."""
        return self.hub or read_settings(HubSettings).hub

    def _open(self) -> Hub:
        settings, place = read_settings(HubSettings), self.place
        if place != HUGGING_FACE:
            return FolderHub(Path(place).absolute(), self.now)
        # The client takes long to import, and a folder does not need it.
        from every_eval.hub.huggingface.hugging_face_hub import HuggingFaceHub

        # The token goes from the environment to the Hub's client, and through no field that Dagster could show or log.
        token = settings.token.get_secret_value() if settings.token else None
        return HuggingFaceHub(token, settings.endpoint, Path(CACHE).absolute(), time.sleep, self._doubt)

    def _doubt(self, repo: str, snapshot: Snapshot) -> str | None:
        """Say why the listing of a repo cannot be complete; null if it can be."""
        if repo == self.data:
            return listing_doubt(snapshot)
        return scores_listing_doubt(snapshot) if repo == self.scores else None

    @property
    def data(self) -> str:
        """Name of the data repo."""
        return self.data_repo or read_settings(HubSettings).data_repo

    @property
    def scores(self) -> str:
        """Name of the scores repo."""
        return self.scores_repo or read_settings(HubSettings).scores_repo

    @property
    def page(self) -> str | None:
        """Name of the page's repo, which is a Space; null if no page is wanted."""
        return page_space(self.page_repo or read_settings(HubSettings).page_repo, self.scores)

    def describe(self, repo: str) -> str:
        """Return where a repo is, without opening the Hub, in words that may be shown."""
        if self.place == HUGGING_FACE:
            endpoint = redact(read_settings(HubSettings).endpoint or DEFAULT_ENDPOINT).rstrip("/")
            return f"{endpoint}/{repo}" if repo.startswith(SPACES) else f"{endpoint}/datasets/{repo}"
        return str(Path(redact(self.place)).absolute() / repo)

    def now(self) -> datetime:
        """Return the time in UTC, or the moment that $SOURCE_DATE_EPOCH fixes."""
        epoch = read_settings(ClockSettings).source_date_epoch
        return datetime.now(UTC) if epoch is None else datetime.fromtimestamp(epoch, UTC)


class SourceResource(dg.ConfigurableResource[None]):
    """The place that one source's results are read from; `describe_place` makes the resource of each source."""

    source: str = Field(description="Name of the source.")
    root: str | None = Field(
        default=None,
        description="A folder, a zip file, an http(s), s3:// or gs:// address or hf://datasets/owner/name. Default: "
        "the source's _ROOT setting, else the sample that comes with every_eval, if the source has one.",
    )
    listing: str | None = Field(
        default=None, description="Address of a bucket's JSON listing. Default: the source's _LISTING setting."
    )
    benchmarks: list[str] | None = Field(
        default=None,
        description="Benchmarks to follow. Default for helm: $EVERY_EVAL_BENCHMARKS, comma-separated, else "
        "lite,mmlu,classic; for eval_harness: every folder under the root. all stands for every benchmark of the root.",
    )
    shard_bytes: int | None = Field(
        default=None, ge=1, description="Input bytes that a shard is filled to. Default: $EVERY_EVAL_SHARD_BYTES."
    )
    processes: int | None = Field(
        default=None, ge=1, description="Processes that read runs at a time. Default: one for each core."
    )

    @property
    def root_variable(self) -> str:
        """Name of the environment variable that says where the results are."""
        return f"{source_prefix(self.source)}ROOT"

    @property
    def _settings(self) -> SourceSettings:
        return read_source_settings(self.source)

    def is_configured(self, source: Source) -> bool:
        """Tell whether there are results to read: under a root, or bundled ones."""
        return source.has_sample or bool(self.stated_root)

    @property
    def stated_root(self) -> str | None:
        """The root by the run config or the environment; null if neither states one."""
        return self.root or self._settings.root

    @property
    def shown_root(self) -> str:
        """The root in words that may be shown: without what authorises."""
        return redact(self.stated_root) if self.stated_root else "the sample that comes with every_eval"

    def open(self, source: Source) -> Storage:
        """Open the storage.

        Raises:
            ConfigurationError: no root is set, and the source has no sample.
        """
        if not self.is_configured(source):
            raise ConfigurationError(f"nothing says where the results of {source.name} are: set {self.root_variable}")
        redact_logs()
        access = read_settings(HubAccess)
        token = access.token.get_secret_value() if access.token else None
        storage = storage_at(self.stated_root, self.listing or self._settings.listing, token, access.endpoint)
        return source.public_view(storage)

    def followed(self, source: Source, storage: Storage) -> Sequence[str]:
        """List the benchmarks to follow; raises what `Source.benchmarks` raises."""
        return source.benchmarks(storage, self.benchmarks or read_benchmarks(source.benchmarks_variable))

    def set_up(self, source: Source) -> Source:
        """Return the source with its own settings, which discovery writes into the facts of the runs."""
        if not isinstance(source, InspectSource):
            return source
        return replace(source, messages=read_settings(InspectSettings).messages)

    @property
    def filled_to(self) -> int:
        """Input bytes that a shard is filled to."""
        return self.shard_bytes or read_settings(ShardSettings).shard_bytes


def describe_place(source: Source) -> SourceResource:
    """Return the resource of a source, whose description in the UI says where the source's results come from."""
    prefix = source_prefix(source.name)
    default = "the sample that comes with every_eval" if source.has_sample else "nowhere: the source is left out"
    description = (
        f"Results of {source.name} are read from ${prefix}ROOT; without that setting, from {default}. "
        f"${prefix}LISTING is the address of a bucket's listing, if it is not where the root's host has it. The "
        f"metadata of the asset {source.name}/catalog states the place that the last run read."
    )
    own_class: type[SourceResource] = type(
        f"{source.name.title().replace('_', '')}Resource",
        (SourceResource,),
        {"__doc__": description, "__module__": __name__},
    )
    return own_class(source=source.name)


class AlertResource(dg.ConfigurableResource[None]):
    """The webhook that failures are posted to ($EVERY_EVAL_ALERT_WEBHOOK), and the address for links in the posts."""

    ui: str | None = Field(
        default=None,
        description="Address of the Dagster UI, for links. Default: $EVERY_EVAL_UI_URL, else http://127.0.0.1:3000.",
    )

    @property
    def webhook(self) -> str | None:
        """Address to post to. The address is a secret, so no field holds it."""
        webhook = read_settings(AlertSettings).webhook
        return webhook.get_secret_value() if webhook else None

    @property
    def ui_url(self) -> str:
        """Address of the Dagster UI, without a slash at its end."""
        return (self.ui or read_settings(AlertSettings).ui_url).rstrip("/")


class NamedResources(Protocol):
    """The resources of a step, a schedule or a sensor, which Dagster hands over as a named tuple."""

    def _asdict(self) -> Mapping[str, object]: ...


def resource_keys(sources: Sequence[Source]) -> set[str]:
    """Return the keys of the resources that a step needs which reads any of the sources and the Hub."""
    return {"hub", *(source.name for source in sources)}


def hub_resource(resources: NamedResources) -> HubResource:
    """Return the resource of the Hub."""
    found = resources._asdict()["hub"]
    assert isinstance(found, HubResource)
    return found


def source_resource(resources: NamedResources, source: Source) -> SourceResource:
    """Return the resource of a source, whose key is the source's name."""
    found = resources._asdict()[source.name]
    assert isinstance(found, SourceResource)
    return found


def configured_sources(
    sources: Sequence[Source], resources: NamedResources, report: Callable[[str], object]
) -> list[Source]:
    """Return the sources that have results to read, and report each source that is left out."""
    found = []
    for source in sources:
        place = source_resource(resources, source)
        if place.is_configured(source):
            found.append(source)
        else:
            report(f"{source.name} is left out: {place.root_variable} is not set")
    return found


def source_named(sources: Sequence[Source], name: str) -> Source:
    """Return the source of that name; raises `ConfigurationError` if there is none."""
    for source in sources:
        if source.name == name:
            return source
    raise ConfigurationError(f"no source is called {name!r}: use one of {', '.join(one.name for one in sources)}")
