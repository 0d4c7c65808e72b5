"""The index of a repo's files for the page: a browser cannot list a repo, nor ask for a size without a preflight."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from every_eval.hub.hub import Snapshot


def repo_index(snapshot: Snapshot) -> Mapping[str, tuple[int, str]]:
    """Return the size in bytes and the digest of each Parquet file, by path. The state of the daily job is left out."""
    return {
        path: (file.size, file.digest)
        for path, file in snapshot.files.items()
        if path.endswith(".parquet") and not path.startswith("state/")
    }


def files_index(files: Mapping[str, Path]) -> Mapping[str, tuple[int, str]]:
    """Return the size in bytes and the SHA-256 of files that are about to be published, by path."""
    contents = {path: file.read_bytes() for path, file in files.items()}
    return {path: (len(content), hashlib.sha256(content).hexdigest()) for path, content in contents.items()}
