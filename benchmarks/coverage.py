"""Measure by simulation what is said of intervals, bounds and tests: how often they hold, and how wide they are.

    python -m benchmarks.coverage [--quick]

The result is the tables of docs/statistics.md, as Markdown. Seeds are fixed, so that each run gives the same tables.
The whole takes about 15 minutes of one core; with --quick, a tenth of the trials take about two.
"""

import argparse
import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final

from benchmarks.coverage_of_adjusted_scores import adjusted_rows
from benchmarks.coverage_of_boards import APART, CASES, MISSING, SHARED, BoardCase, BoardShares, run_case
from benchmarks.coverage_of_scores import SIZES, score_rows
from benchmarks.coverage_of_sign_flips import flip_rows
from benchmarks.measurement import show

N_SCORE_TRIALS: Final = 20_000
N_BOARD_TRIALS: Final = 1000
N_FLIP_TRIALS: Final = 200
N_ADJUSTED_TRIALS: Final = 400
QUICK: Final = 10
"""Number by which the trials are divided with --quick."""
MODELS: Final = (8, 20, 60)
ITEMS: Final = (30, 100, 1000)
COLUMNS: Final = (1, 10)
MOST_SHARING: Final = 20
"""Largest number of models whose columns share their items in a simulation, which takes long for many models."""
N_POWERS: Final = 3

Cells = Sequence[str]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the trials")
    divisor = QUICK if parser.parse_args().quick else 1
    for title, n_trials, rows in (
        ("Single scores", N_SCORE_TRIALS, score_cells),
        ("Win rates and ranks", N_BOARD_TRIALS, board_cells),
        ("Graded answers", N_FLIP_TRIALS, flip_cells),
        ("Adjusted scores", N_ADJUSTED_TRIALS, adjusted_cells),
    ):
        show(f"\n### {title}: {n_trials // divisor} trials\n")
        for number, cells in enumerate(rows(n_trials // divisor)):
            show(f"| {' | '.join(cells)} |")
            if number == 0:
                show("|---" * len(cells) + "|")


def score_cells(n_trials: int) -> Iterator[Cells]:
    """Yield the rows of the table of single scores, the header first: how often their intervals cover the truth."""
    yield ["values", *(f"n = {n}" for n in SIZES)]
    for name, shares in score_rows(n_trials):
        yield [name, *map(_share, shares)]


def board_cells(n_trials: int) -> Iterator[Cells]:
    """Yield the header, and what holds for boards of models with right and wrong answers."""
    yield [
        *("models", "items", "columns", "case", "win rates", "ranks", "width", "rank width"),
        *("family-wise", "false discovery", "power", "power Holm", "power BH"),
    ]
    for n_models, n_items, n_columns, name in product(MODELS, ITEMS, COLUMNS, CASES):
        is_possible = n_columns > 1 or name not in (MISSING, SHARED)
        if is_possible and (name != SHARED or n_models <= MOST_SHARING):
            case = BoardCase(name, n_models, n_items, n_columns)
            yield _board_row(case, run_case(case, n_trials))


def _board_row(case: BoardCase, shares: BoardShares) -> Cells:
    sizes = (str(case.n_models), str(case.n_items), str(case.n_columns), case.name)
    # The power says nothing where there is no one true difference.
    shown = shares if case.name == APART else shares[:-N_POWERS]
    return [*sizes, *map(_share, shown), *[""] * (len(shares) - len(shown))]


def flip_cells(n_trials: int) -> Iterator[Cells]:
    """Yield the header, and what holds for models with graded answers."""
    yield ["models", "items", "case", "ranks", "rank width", "family-wise", "power", "power Holm"]
    for row in flip_rows(n_trials):
        shares = (row.rank_bounds, row.rank_width, row.family_wise, row.power, row.power_holm)
        yield [
            str(row.n_models),
            str(row.n_items),
            row.case,
            *("" if share != share else _share(share) for share in shares),
        ]


def adjusted_cells(n_trials: int) -> Iterator[Cells]:
    """Yield the rows of the table of adjusted scores, the header first: how often their intervals cover the truth."""
    yield ["interaction", "items", "coverage", "coverage without the interaction's variance"]
    for interaction, n_items, *shares in adjusted_rows(n_trials):
        yield [str(interaction), str(n_items), *map(_share, shares)]


def _share(share: float) -> str:
    return "" if math.isnan(share) else f"{share:.3f}"


if __name__ == "__main__":
    main()
