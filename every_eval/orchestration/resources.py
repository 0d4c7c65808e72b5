"""Resources: the only code that reads the environment, when a run starts and not before.

Every field is optional. A field that is not configured is taken from its environment variable, and without that
from the default; so the same jobs run on nothing at all and on a deployment's settings.
"""

import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from pydantic import Field, PrivateAttr

from every_eval.errors import ConfigurationError
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Hub
from every_eval.sources.source import Source
from every_eval.storage.root import storage_at
from every_eval.storage.storage import Storage

HUGGING_FACE = "huggingface"


def setting(configured: str | None, variable: str, default: str) -> str:
    """A setting: as configured, else from the environment, else the bundled sample."""
    return configured or os.environ.get(variable) or default


class HubResource(dg.ConfigurableResource[None]):
    """Where the datasets are published."""

    hub: str | None = Field(default=None, description="A folder, or huggingface. Else $EVERY_EVAL_HUB, else data/hub.")
    data_repo: str | None = Field(default=None, description="Else $EVERY_EVAL_DATA_REPO, or evaleval/every_eval_ever.")
    scores_repo: str | None = Field(
        default=None, description="Else $EVERY_EVAL_SCORES_REPO, else evaleval/every_eval_score_ever."
    )

    _opened: Hub | None = PrivateAttr(default=None)

    def open(self) -> Hub:
        """The Hub, one for the run, so that what is known of it is not asked for again."""
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def _open(self) -> Hub:
        place = setting(self.hub, "EVERY_EVAL_HUB", "data/hub")
        if place != HUGGING_FACE:
            return FolderHub(Path(place).absolute(), self.now)
        from every_eval.hub.huggingface.huggingface import (
            HuggingFaceHub,  # its client is slow to import, and not always needed
        )

        # Read here and held by the Hub alone, so that no configuration or log can show it.
        token = os.environ.get("HF_TOKEN") or None
        return HuggingFaceHub(token, os.environ.get("HF_ENDPOINT") or None, Path("data/cache").absolute(), time.sleep)

    @property
    def data(self) -> str:
        """Name of the data repo."""
        return setting(self.data_repo, "EVERY_EVAL_DATA_REPO", "evaleval/every_eval_ever")

    @property
    def scores(self) -> str:
        """Name of the scores repo."""
        return setting(self.scores_repo, "EVERY_EVAL_SCORES_REPO", "evaleval/every_eval_score_ever")

    def now(self) -> datetime:
        """The time in UTC, or the one that $SOURCE_DATE_EPOCH fixes (seconds since 1970)."""
        epoch = os.environ.get("SOURCE_DATE_EPOCH")
        if not epoch:
            return datetime.now(UTC)
        if not epoch.isdigit():
            raise ConfigurationError(f"SOURCE_DATE_EPOCH={epoch!r} is no number of seconds")
        return datetime.fromtimestamp(int(epoch), UTC)


class SourceResource(dg.ConfigurableResource[None]):
    """Where a source's results are read from."""

    source: str = Field(description="Name of the source.")
    root: str | None = Field(
        default=None,
        description="A folder, a zip file or an http(s) address. Else $EVERY_EVAL_<SOURCE>_ROOT, else HELM's sample.",
    )
    listing: str | None = Field(
        default=None, description="Where a bucket's JSON listing is. Else $EVERY_EVAL_<SOURCE>_LISTING."
    )
    benchmarks: list[str] | None = Field(
        default=None,
        description="Benchmarks to follow. Else, of HELM, $EVERY_EVAL_BENCHMARKS, comma-separated, or "
        "lite,mmlu,classic; of eval_harness, every folder under the root.",
    )
    shard_bytes: int | None = Field(
        default=None, description="Input bytes that a shard is filled to. Else $EVERY_EVAL_SHARD_BYTES, else 1 GiB."
    )

    @property
    def root_variable(self) -> str:
        """Name of the setting that says where the results are."""
        return f"EVERY_EVAL_{self.source.upper()}_ROOT"

    def is_configured(self, source: Source) -> bool:
        """Whether there are results to read: under a root, or bundled ones."""
        return source.has_sample or bool(setting(self.root, self.root_variable, ""))

    processes: int | None = Field(
        default=None, ge=1, description="Processes that read runs at a time; none stated: one a core."
    )

    def open(self, source: Source) -> Storage:
        """The storage.

        Raises:
            ConfigurationError: no root is set, and there is no sample.
        """
        if not self.is_configured(source):
            raise ConfigurationError(f"where the results of {source.name} are is not known: set {self.root_variable}")
        root = setting(self.root, self.root_variable, "")
        listing = setting(self.listing, f"EVERY_EVAL_{self.source.upper()}_LISTING", "")
        return storage_at(root or None, listing or None)

    def followed(self, source: Source, storage: Storage) -> Sequence[str]:
        """The benchmarks to follow; raises what `Source.benchmarks` raises."""
        stated = setting(None, source.benchmarks_variable, "") if source.benchmarks_variable else ""
        names = [name.strip() for name in stated.split(",") if name.strip()]
        return self.benchmarks or names or source.benchmarks(storage)

    @property
    def filled_to(self) -> int:
        """Input bytes that a shard is filled to."""
        value = setting(
            None if self.shard_bytes is None else str(self.shard_bytes), "EVERY_EVAL_SHARD_BYTES", str(1 << 30)
        )
        if not value.isdigit() or int(value) < 1:
            raise ConfigurationError(f"EVERY_EVAL_SHARD_BYTES={value!r} is no positive number of bytes")
        return int(value)


def configured(sources: Sequence[Source], resources: object, report: Callable[[str], object]) -> list[Source]:
    """The sources that there are results of, by the resources of their names; which ones are left out is reported."""
    places: dict[str, SourceResource] = {source.name: getattr(resources, source.name) for source in sources}
    found = [source for source in sources if places[source.name].is_configured(source)]
    for source in sources:
        if source not in found:
            report(f"{source.name} is left out: {places[source.name].root_variable} is not set")
    return found


class AlertResource(dg.ConfigurableResource[None]):
    """Where failures are posted."""

    ui: str | None = Field(
        default=None,
        description="Address of the Dagster UI, for links. Else $EVERY_EVAL_UI_URL, else http://127.0.0.1:3000.",
    )

    @property
    def webhook(self) -> str | None:
        """Address to post to; a secret, so that it is no field and the environment alone has it."""
        return os.environ.get("EVERY_EVAL_ALERT_WEBHOOK") or None

    @property
    def ui_url(self) -> str:
        """Address of the Dagster UI, without a slash at its end."""
        return setting(self.ui, "EVERY_EVAL_UI_URL", "http://127.0.0.1:3000").rstrip("/")
