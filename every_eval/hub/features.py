"""What `datasets` and the Hub's viewer need to know of a table, as a dataset card declares it."""

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
    """The Hub's word for so many rows."""
    return next((name for limit, name in _SIZES if n_rows < limit), "n>1T")


def features(schema: pa.Schema) -> list[dict[str, Any]]:
    """A schema as the YAML of `datasets`.

    Files that were written under an older version of a contract lack columns of it. With the newest version declared,
    those are null; without, the first file would decide what all of them must have.
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
"""Where `datasets` calls a type otherwise than Arrow does."""
