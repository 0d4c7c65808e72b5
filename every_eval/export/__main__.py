"""Export the published results: `python -m every_eval.export eee --out FOLDER`.

The exit status is 0 if everything was exported, and 1 if not; then the last line says why, and what to do.
"""

import argparse
import sys
from collections.abc import Sequence

from every_eval.errors import EveryEvalError
from every_eval.export.eee import command as eee
from every_eval.export.eval_results import command as eval_results


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the export that the arguments name, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m every_eval.export", description="Export the published results.")
    exports = parser.add_subparsers(required=True, metavar="EXPORT")
    for command in (eee, eval_results):
        command.add_parser(exports)
    chosen = parser.parse_args(arguments)
    try:
        for line in chosen.run(chosen):
            sys.stdout.write(f"{line}\n")
    except (EveryEvalError, OSError) as error:
        sys.stderr.write(f"Nothing more is exported: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
