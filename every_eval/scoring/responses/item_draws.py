"""Weights and signs of items, by the numbers of the items."""

from every_eval.statistics.bootstrap import draw_weights
from every_eval.statistics.groups import IntArray
from every_eval.statistics.paired_comparisons import DrawItems
from every_eval.statistics.sign_flips import draw_signs

N_REPLICATES = 1000


def draw_weights_of(numbers: IntArray) -> DrawItems:
    """Return a function from positions in `numbers` to the weights of these items in each replicate."""
    return lambda rows: draw_weights(list(map(str, numbers[rows].tolist())), "", N_REPLICATES)


def draw_signs_of(numbers: IntArray) -> DrawItems:
    """Return a function from positions in `numbers` to the signs of these items in each flip."""
    return lambda rows: draw_signs(list(map(str, numbers[rows].tolist())), "")
