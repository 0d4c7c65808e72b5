"""The declaration of a table in a dataset card, for `datasets` and for the Hub's viewer: its columns and its size."""

from typing import Any

import pyarrow as pa

_SIZES = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"),
    (10**9, "100M<n<1B"),
    (10**10, "1B<n<10B"),
    (10**11, "10B<n<100B"),
    (10**12, "100B<n<1T"),
)


def size_category(n_rows: int) -> str:
    """Return the Hub's name for a number of rows, for example `1K<n<10K`."""
    return next((name for limit, name in _SIZES if n_rows < limit), "n>1T")


def features(schema: pa.Schema) -> list[dict[str, Any]]:
    """Return a schema as `datasets` writes it in YAML.

    Files that were written by an older version of a contract lack some columns. Since the card declares the newest
    version, `datasets` reads the missing columns as null. Without the declaration, `datasets` would expect all files to
    have the columns of the first file.
    """
    return [{"name": field.name, **_feature(field.type)} for field in schema]


def _feature(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_struct(kind):
        return {"struct": [{"name": field.name, **_feature(field.type)} for field in kind]}
    if pa.types.is_list(kind):
        inner = _feature(kind.value_type)
        return {"list": inner.get("dtype") or inner.get("struct") or inner}
    return {"dtype": _NAMES.get(str(kind), str(kind))}


_NAMES = {"double": "float64", "float": "float32"}
"""Names of types in `datasets` that differ from the names in Arrow."""
