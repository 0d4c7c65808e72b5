"""lm-evaluation-harness as a source of evaluation results.

The modules that read and score are imported when they are first used, so that a job starts quickly.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO

from every_eval.sources.eval_harness.citation import CITATION
from every_eval.sources.log_source import LogSource
from every_eval.sources.source import ALL, Discovery, Run, RunRows
from every_eval.sources.statistic_key import PooledStatistic, StatisticKey
from every_eval.sources.statistics_files import StatisticsFiles
from every_eval.storage.storage import Storage


class EvalHarnessSource(LogSource):
    """EleutherAI's Language Model Evaluation Harness: https://github.com/EleutherAI/lm-evaluation-harness.

    Each folder under the root is a benchmark. lm-eval publishes no tables of its own.
    """

    name = "eval_harness"
    data_version = 4
    benchmarks_variable = "EVERY_EVAL_EVAL_HARNESS_BENCHMARKS"
    citation = CITATION
    upgrade_notice = (
        "Rows of an older version of every_eval can hold credentials, because it published the arguments of models "
        "that it did not know to be secret, such as headers and addresses with passwords. The rows are made again "
        "without them. The dated tables of the scores repo and the history of both repos keep the old values. If an "
        "evaluation had such an argument: replace the key at its issuer, delete the dated tables that name it, and "
        "squash the history of both repos (super_squash_history of huggingface_hub)."
    )

    def has_layout(self, storage: Storage, names: Sequence[str]) -> bool:  # noqa: ARG002 - part of the protocol
        from every_eval.sources.eval_harness.output_files import is_output

        return any(map(is_output, names))

    def public_view(self, storage: Storage) -> Storage:
        from every_eval.sources.eval_harness.public_names import PublicNames

        return PublicNames(storage)

    def benchmarks(self, storage: Storage, stated: Sequence[str] = ()) -> Sequence[str]:
        from every_eval.sources.benchmark_folders import benchmark_folders

        return stated if stated and ALL not in stated else benchmark_folders(storage, self.name)

    def discover(self, storage: Storage, benchmark: str) -> Discovery:
        from every_eval.sources.eval_harness.discovery import discover

        return discover(storage, benchmark)

    def index_witness(self, storage: Storage, benchmark: str) -> str:
        from every_eval.sources.eval_harness.discovery import index_witness

        return index_witness(storage, benchmark)

    def read(self, run: Run, open_file: Callable[[str], IO[bytes]]) -> Iterator[RunRows]:
        from every_eval.sources.eval_harness.task_run_reader import TaskRunReader

        return TaskRunReader(run, open_file).pieces()

    def pooled_statistics(self, stats: StatisticsFiles) -> Mapping[StatisticKey, Sequence[PooledStatistic]]:
        from every_eval.sources.eval_harness.group_members import group_members

        return group_members(stats)
