"""Read numbers that were written as text, as lm-eval writes the numbers of NumPy and PyTorch.

lm-eval writes each value that JSON does not know as the text that Python's `str` gives (`handle_non_serializable` in
`lm_eval/utils.py`): a NumPy number of single precision becomes "0.5", a NumPy boolean "True", a tensor "tensor(1.)".
"""

import re
from typing import Any, Final

from every_eval.sources.eval_harness.results import as_float

_NUMPY: Final = re.compile(r"(?:np|numpy)\.(?:bool_?|u?int\d+|float\d+)\((?P<number>[^()]*)\)")
_TENSOR: Final = re.compile(
    r"tensor\((?P<number>True|False|nan|-?inf|-?\d+\.?)(?:, (?:dtype=torch\.\w+|device='[\w:]+'))*\)"
)
"""A tensor of which the text leaves no doubt. PyTorch rounds fractions to four digits, so that these are not read."""
_BOOLEANS: Final = {"True": 1.0, "False": 0.0, "np.True_": 1.0, "np.False_": 0.0}


def as_number(value: Any) -> float | None:  # noqa: ANN401 - any JSON value
    """Return a number, a boolean, or the text of either as a float; null if the value is neither or leaves doubt."""
    if isinstance(value, str):
        match = _NUMPY.fullmatch(value) or _TENSOR.fullmatch(value)
        text = match["number"] if match else value
        return _BOOLEANS[text] if text in _BOOLEANS else _from_text(text)
    return as_float(value)


def _from_text(text: str) -> float | None:
    """Return the number of a text; Python alone reads "1_000" and digits of other scripts as numbers."""
    return as_float(text) if text.isascii() and "_" not in text else None
