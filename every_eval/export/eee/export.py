"""Export published runs into a folder: what the command and the assets share."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from every_eval.contracts.metrics import METRICS
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.errors import ConfigurationError
from every_eval.export.eee.counts import Counts
from every_eval.export.eee.exporter import Exporter
from every_eval.export.eee.instances import VALUE_COLUMNS
from every_eval.export.eee.record import MAIN, Level
from every_eval.export.eee.results import STATS_COLUMNS
from every_eval.export.eee.sample_texts import SAMPLE_COLUMNS
from every_eval.export.published_runs import PublishedRuns, Selection
from every_eval.readers.published import Published
from every_eval.settings import ClockSettings, read_settings

RUN: Final = ("suite", "run")


@dataclass(frozen=True)
class Options:
    """What is written, and where."""

    out: Path
    """Folder to write into."""
    level: Level = MAIN
    samples: bool = False
    """Whether to write the values of single samples."""


@dataclass(frozen=True)
class Exported:
    """What an export wrote."""

    files: Sequence[Path]
    """Paths relative to the folder of the export."""
    counts: Counts


def export(published: Published, selection: Selection, options: Options) -> Exported:
    """Write the records of the chosen runs.

    Raises:
        ConfigurationError: No run is published or chosen, or nothing says when the results were published.
        HubUnavailable: The Hub does not answer.
        ContractViolation: A published file breaks the contract of its table.
        OSError: A file cannot be written.
    """
    published.check()
    provider = published.data.repo.partition("/")[0]
    exporter = Exporter(options.out, _timestamp(published), provider, options.level, options.samples)
    columns = {STATS: STATS_COLUMNS}
    if options.samples:
        columns |= {SAMPLES: (*RUN, *SAMPLE_COLUMNS), METRICS: (*RUN, *VALUE_COLUMNS)}
    runs = PublishedRuns(published, selection, columns)
    return Exported(list(exporter.export(runs)), exporter.counts)


def _timestamp(published: Published) -> str:
    """Return when the results were published, in seconds since 1970: the time of the commit, never the clock's."""
    epoch = read_settings(ClockSettings).source_date_epoch
    if epoch is not None:
        return str(epoch)
    repo = published.data
    if repo.commit is None:
        raise ConfigurationError(
            f"{repo.repo} in {repo.place.name} has no commits, so nothing says when its results were published. Set "
            "SOURCE_DATE_EPOCH to that time, in seconds since 1970."
        )
    moment = next(repo.place.history(repo.repo, repo.commit))[1]
    return str(int(moment.timestamp()))
