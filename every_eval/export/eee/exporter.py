"""Write the records of runs into a folder."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from every_eval.export.eee.counts import Counts
from every_eval.export.eee.json_text import encode_indented
from every_eval.export.eee.record import MAIN, Level, Record
from every_eval.export.eee.record_files import WrittenRows, write_record, write_rows
from every_eval.export.published_runs import PublishedRun


@dataclass
class Exporter:
    """Writes the records of runs into a folder."""

    out: Path
    """Folder that gets the folder `data`."""
    timestamp: str
    """When the results were published, in seconds since 1970: the time of a record that is new or has changed."""
    provider: str
    """Owner of the data repo."""
    level: Level = MAIN
    samples: bool = False
    """Whether to write the values of single samples."""
    counts: Counts = field(default_factory=Counts)

    def export(self, runs: Iterable[PublishedRun]) -> Iterator[Path]:
        """Write the records of runs, and yield the path of each file, relative to `out`.

        Raises:
            OSError: A file cannot be written.
            ConfigurationError, HubUnavailable, ContractViolation: As reading the runs raises.
        """
        for run in runs:
            record = Record(run, self.level, self.provider)
            self.counts.runs += 1
            if record.left_out_because is None:
                yield from self._write(record)
            else:
                self.counts.left_out[record.left_out_because] += 1
                self.counts.values_of_left_out_runs += run.metrics.num_rows

    def _write(self, record: Record) -> Iterator[Path]:
        counts = Counts(records=1, results=len(record.results))
        counts.results_without_value = len(record.statistics) - counts.results
        rows = self._write_rows(record, counts) if self.samples else None

        def render(timestamp: str) -> bytes:
            return encode_indented(record.content(timestamp, rows, counts.unsaid))

        counts.changed = int(write_record(self.out / record.path, self.timestamp, render))
        self.counts.add(counts)
        yield record.path
        if rows is None:
            (self.out / record.rows_path).unlink(missing_ok=True)  # of an earlier export with samples
        else:
            yield record.rows_path

    def _write_rows(self, record: Record, counts: Counts) -> WrittenRows | None:
        instances = record.instances()
        blocks = instances.blocks(record.run.samples, record.run.metrics)
        written = write_rows(self.out / record.rows_path, blocks)
        counts.add(instances.counts)
        return written
