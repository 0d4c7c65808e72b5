"""The command `python -m every_eval.export eee`."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from every_eval.export.eee.export import Options, export
from every_eval.export.eee.proposal import propose_records
from every_eval.export.eee.record import MAIN, Level
from every_eval.export.published_runs import Selection
from every_eval.readers.published import open_published
from every_eval.sources import SOURCES

if TYPE_CHECKING:
    Parsers = argparse._SubParsersAction[argparse.ArgumentParser]

DESCRIPTION = """Write published runs as records of Every Eval Ever's schema 0.3.0
(https://github.com/evaleval/every_eval_ever): FOLDER/data/BENCHMARK/DEVELOPER/MODEL/UUID.json, and with --samples
UUID_samples.jsonl beside it. A record that is there already and says the same stays as it is. The settings
EVERY_EVAL_HUB and EVERY_EVAL_DATA_REPO say where the published results are."""


def add_parser(parsers: "Parsers") -> None:
    """Add the command to the program's parser."""
    parser = parsers.add_parser("eee", help="records of Every Eval Ever's schema", description=DESCRIPTION)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder to write into")
    names = [source.name for source in SOURCES]
    parser.add_argument("--source", choices=names, help="only runs of this source")
    parser.add_argument("--benchmark", metavar="NAME", help="only runs of this benchmark, such as lite")
    parser.add_argument("--run", metavar="NAME", dest="run_name", help="only this run, as RUN or SUITE/RUN")
    parser.add_argument(
        "--level",
        choices=get_args(Level),
        default=MAIN,
        help="main: the main metrics of each run; all: every statistic and every metric, about 50 times as much",
    )
    parser.add_argument("--samples", action="store_true", help="write a row for each value of a metric, with the texts")
    parser.add_argument(
        "--pull-request",
        metavar="OWNER/NAME",
        help="dataset repo of the Hugging Face Hub to propose the records to; HF_TOKEN must allow it. Default: none",
    )
    parser.add_argument("--revision", metavar="COMMIT", help="commit of the data repo; default: the newest")
    parser.set_defaults(run=_run)


def _run(chosen: argparse.Namespace) -> Iterator[str]:
    selection = Selection(chosen.source, chosen.benchmark, chosen.run_name)
    published = open_published(revision=chosen.revision)
    options = Options(chosen.out, chosen.level, chosen.samples)
    exported = export(published, selection, options)
    yield from exported.counts.describe().splitlines()
    yield f"The records are in {chosen.out.absolute()}."
    if chosen.pull_request:
        yield propose_records(exported, options, chosen.pull_request)
