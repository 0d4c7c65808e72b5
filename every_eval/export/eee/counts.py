"""Count what an export writes, and what the schema cannot hold."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Counts:
    """Numbers of one export. Every statistic and every value of a metric is counted once."""

    runs: int = 0
    """Runs that were read."""
    records: int = 0
    """Aggregate files: one for each run that has a result."""
    changed: int = 0
    """Aggregate files that were not there before with the same content."""
    results: int = 0
    """Statistics that have a value: each is one result of an aggregate file."""
    results_without_value: int = 0
    """Statistics without any value, which the schema cannot hold."""
    rows: int = 0
    """Values of metrics that were written, one row each."""
    values_missing: int = 0
    """Values of metrics that do not exist, because the count is 0 or the number is not finite."""
    values_of_other_metrics: int = 0
    """Values of metrics that the level leaves out."""
    values_of_left_out_runs: int = 0
    """Values of metrics of runs without a record."""
    rows_without_result: int = 0
    """Rows whose statistic has no value, so that they point to no result."""
    rows_without_sample: int = 0
    """Rows whose sample is not published, so that they have no texts."""
    rows_without_verdict: int = 0
    """Rows of metrics that do not say right or wrong; their `is_correct` means nothing, and their metadata says so."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Runs without a file, by the reason."""

    def add(self, other: "Counts") -> None:
        """Add the numbers of a part of the export."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    @property
    def unsaid(self) -> dict[str, int]:
        """Numbers of what the schema cannot hold or the level leaves out, by name, without zeros."""
        names = (
            *("results_without_value", "values_missing", "values_of_other_metrics", "values_of_left_out_runs"),
            *("rows_without_result", "rows_without_sample", "rows_without_verdict"),
        )
        return {f"n_{name}": getattr(self, name) for name in names if getattr(self, name)}

    def describe(self) -> str:
        """Return the numbers as sentences, a line for each."""
        meanings = {
            "n_results_without_value": "statistics have no value, so they are no results",
            "n_values_missing": "values of metrics do not exist (their count is 0, or they are not finite)",
            "n_values_of_other_metrics": "values are not of main metrics; the level all has them",
            "n_values_of_left_out_runs": "values belong to runs without a record",
            "n_rows_without_result": "rows point to no result, because their statistic has no value",
            "n_rows_without_sample": "rows have no texts, because their sample is not published",
            "n_rows_without_verdict": "rows are of metrics that do not say right or wrong, so is_correct means nothing",
        }
        return "\n".join(
            [
                f"{self.runs:,} runs, {self.records:,} records ({self.changed:,} new or changed) with {self.results:,} "
                f"results and {self.rows:,} rows of samples.",
                *(f"{number:,} {meanings[name]}." for name, number in self.unsaid.items()),
                *(f"{number:,} runs have no record: {reason}." for reason, number in sorted(self.left_out.items())),
            ]
        )
