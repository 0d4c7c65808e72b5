"""Write the entries of models as YAML; a file that says the same as before stays as it is."""

from collections.abc import Iterable
from pathlib import Path

import yaml

from every_eval.export.eval_results.entries import Entry


def write_entries(out: Path, entries: Iterable[Entry]) -> int:
    """Write a file for each entry, and return how many are new or changed.

    Raises:
        OSError: A file cannot be written.
    """
    n_written = 0
    for entry in entries:
        path = out / entry.model / ".eval_results" / entry.file
        content = yaml.safe_dump([dict(entry.content)], sort_keys=False, allow_unicode=False, width=88).encode()
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            n_written += 1
    return n_written
