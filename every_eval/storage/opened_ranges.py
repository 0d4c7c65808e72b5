"""A stored object as a file that can seek, of which only the parts that somebody reads are fetched."""

from functools import partial
from typing import IO

from every_eval.network.ranged_file import READ_AHEAD_BYTES, RangedFile
from every_eval.storage.storage import Storage, StoredObject


def open_ranges(storage: Storage, stored: StoredObject) -> IO[bytes]:
    """Open an object for reading a few of its parts, for example one member of a zip file.

    An object whose size the storage does not state is fetched whole. Raises the errors of `Storage.read`, also later,
    when the file is read.
    """
    if stored.size is None or not storage.is_remote:
        return storage.open(stored.name, stored.witness)
    read_range = partial(storage.read_range, stored.name, witness=stored.witness)
    ranged: IO[bytes] = RangedFile(stored.name, stored.size, read_range, READ_AHEAD_BYTES)
    return ranged
