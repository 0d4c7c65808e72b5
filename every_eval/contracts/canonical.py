"""One spelling for values that become keys or digests."""

import json
from typing import Any


def canonical_json(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """`value` as JSON with sorted keys, without spaces, in UTF-8 text: equal values give equal strings."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
