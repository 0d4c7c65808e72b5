"""The command `python -m every_eval.export eval_results`."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from every_eval.export.eval_results.entries import entries, source_of
from every_eval.export.eval_results.files import write_entries
from every_eval.readers.published import open_published
from every_eval.settings import HubSettings, read_settings

if TYPE_CHECKING:
    Parsers = argparse._SubParsersAction[argparse.ArgumentParser]

DESCRIPTION = """Write scores as FOLDER/OWNER/MODEL/.eval_results/*.yaml, for the repo of each model on the Hugging Face
Hub, with the page of the leaderboards as source. Only models whose name there is stated, and benchmarks that the Hub
collects: GPQA Diamond, GSM8K, HLE and MMLU-Pro. Nothing is sent: look at a file before you propose it to the owners
of a model."""


def add_parser(parsers: "Parsers") -> None:
    """Add the command to the program's parser."""
    parser = parsers.add_parser(
        "eval_results", help="files .eval_results/*.yaml for the repos of models", description=DESCRIPTION
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder to write into")
    parser.add_argument("--model", metavar="OWNER/NAME", help="only this model, by its name on the Hub")
    parser.add_argument("--revision", metavar="COMMIT", help="commit of the scores repo; default: the newest")
    parser.set_defaults(run=_run)


def _run(chosen: argparse.Namespace) -> Iterator[str]:
    published = open_published(revision=chosen.revision)
    published.check()
    settings = read_settings(HubSettings)
    found = [
        each
        for each in entries(published, source_of(settings.page, settings.scores_repo))
        if chosen.model in (None, each.model)
    ]
    n_written = write_entries(chosen.out, found)
    models = {each.model for each in found}
    yield f"{len(found):,} scores of {len(models):,} models ({n_written:,} files new or changed). Nothing was sent."
    if found:
        yield f"The files are in {chosen.out.absolute()}."
    else:
        yield "No score is of a model whose repo on the Hub a source states, in a benchmark that the Hub collects."
