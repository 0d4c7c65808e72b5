"""Which program wrote the files under a root, to tell people that a setting names the folder of another program."""

import re
from itertools import islice
from typing import Final

from every_eval.storage.storage import Storage

HELM: Final = "helm"
EVAL_HARNESS: Final = "eval_harness"
INSPECT: Final = "inspect"
LOOKED_AT: Final = 1000
"""Most files that are looked at before the layout counts as unknown."""

_HELM_OUTPUT = "benchmark_output"
_RESULTS = re.compile(r"(^|/)(results|samples)[_.][^/]*\.jsonl?$")


def layout_of(storage: Storage) -> str | None:
    """Return the name of the source whose layout the root has; null if it is not clear. No file is opened."""
    folders = storage.list_folders("")
    if "config" in folders and storage.stat("config/project_metadata.json"):
        return HELM
    if any(_HELM_OUTPUT in {name, *storage.list_folders(f"{name}/")} for name in islice(folders, LOOKED_AT)):
        return HELM
    names = [item.name for item in islice(storage.list(""), LOOKED_AT)]
    found = {EVAL_HARNESS: any(map(_RESULTS.search, names)), INSPECT: any(name.endswith(".eval") for name in names)}
    layouts = [name for name, is_found in found.items() if is_found]
    return layouts[0] if len(layouts) == 1 else None


def is_empty(storage: Storage) -> bool:
    """Whether there is no file under the root."""
    return next(iter(storage.list("")), None) is None
