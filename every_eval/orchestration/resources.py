"""Resources: the only code that reads the environment, when a run starts and not before.

Every field is optional. A field that is not configured is taken from its environment variable, and without that
from the default; so the same jobs run on nothing at all and on a deployment's settings.
"""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from pydantic import Field, PrivateAttr

from every_eval.errors import ConfigurationError
from every_eval.hub.folder import FolderHub
from every_eval.hub.hub import Hub
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
        from every_eval.hub.huggingface import HuggingFaceHub  # its client is slow to import, and not always needed

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
        description="A folder, a zip file or an http(s) address. Else $EVERY_EVAL_<SOURCE>_ROOT, or the sample.",
    )
    listing: str | None = Field(
        default=None, description="Where a bucket's JSON listing is. Else $EVERY_EVAL_<SOURCE>_LISTING."
    )
    benchmarks: list[str] | None = Field(
        default=None,
        description="Benchmarks to follow. Else $EVERY_EVAL_BENCHMARKS, comma-separated, else lite,mmlu,classic.",
    )
    shard_bytes: int | None = Field(
        default=None, description="Input bytes that a shard is filled to. Else $EVERY_EVAL_SHARD_BYTES, else 1 GiB."
    )

    def open(self) -> Storage:
        """The storage."""
        prefix = f"EVERY_EVAL_{self.source.upper()}"
        root = setting(self.root, f"{prefix}_ROOT", "")
        return storage_at(root or None, setting(self.listing, f"{prefix}_LISTING", "") or None)

    @property
    def followed(self) -> list[str]:
        """The benchmarks to follow."""
        if self.benchmarks:
            return self.benchmarks
        names = setting(None, "EVERY_EVAL_BENCHMARKS", "lite,mmlu,classic").split(",")
        return [name.strip() for name in names if name.strip()]

    @property
    def filled_to(self) -> int:
        """Input bytes that a shard is filled to."""
        value = setting(
            None if self.shard_bytes is None else str(self.shard_bytes), "EVERY_EVAL_SHARD_BYTES", str(1 << 30)
        )
        if not value.isdigit() or int(value) < 1:
            raise ConfigurationError(f"EVERY_EVAL_SHARD_BYTES={value!r} is no positive number of bytes")
        return int(value)
