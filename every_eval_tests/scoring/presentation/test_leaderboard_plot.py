import base64
import io

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from PIL import Image

from every_eval.scoring.presentation.leaderboard_plot import MAX_MODELS, plot_markdown, plot_png, render
from every_eval_tests.scoring.real_scores import RealScores
from every_eval_tests.scoring.tables.test_cross_benchmark import board, row

BLUE = (31, 119, 180)


def _pixels(png: bytes) -> npt.NDArray[np.uint8]:
    with Image.open(io.BytesIO(png)) as image:
        return np.array(image.convert("RGB"))


def _blue_rows(png: bytes) -> npt.NDArray[np.int64]:
    """Number of pixels of each line of the plot that have the colour of points and intervals."""
    is_blue = np.all(np.abs(_pixels(png).astype(int) - BLUE) < 40, axis=2)
    counts: npt.NDArray[np.int64] = is_blue.sum(axis=1)
    return counts


def _board(low: float | None, high: float | None) -> pa.Table:
    return board(row("lite", "a", 1, mean_win_rate=0.5, mean_win_rate_low=low, mean_win_rate_high=high))


def test_the_same_rows_give_the_same_bytes(real_scores: RealScores) -> None:
    boards = pa.concat_tables([benchmark.board for benchmark in real_scores])

    first = plot_png(boards)
    render.cache_clear()
    assert plot_png(boards) == first
    assert plot_png(boards) != plot_png(boards.slice(1))


def test_the_png_names_no_program() -> None:
    with Image.open(io.BytesIO(plot_png(_board(0.4, 0.6)))) as image:
        assert image.format == "PNG"
        assert "Software" not in image.info


def test_an_interval_is_a_line_and_a_score_without_one_a_point() -> None:
    with_line, point = (int(_blue_rows(plot_png(_board(*ends))).max()) for ends in ((0.1, 0.9), (None, None)))

    assert point < 15
    assert with_line > 300


def test_every_benchmark_has_a_panel_of_its_best_models() -> None:
    one = [row("lite", f"m{at}", at, mean_win_rate=1 / at) for at in range(1, MAX_MODELS + 6)]
    height = _pixels(plot_png(board(*one[:MAX_MODELS]))).shape[0]

    assert plot_png(board(*one)) == plot_png(board(*one[:MAX_MODELS]))
    both = board(*one, row("mmlu", "m1", 1, adjusted_score=0.5))
    assert _pixels(plot_png(both)).shape[0] > height


def test_models_without_a_rank_are_left_out() -> None:
    ranked = row("lite", "a", 1, mean_win_rate=0.5)

    assert plot_png(board(ranked, row("lite", "b", None))) == plot_png(board(ranked))


def test_names_are_drawn_as_they_are() -> None:
    assert plot_png(board(row("lite", "a", 1, adjusted_score=0.5, display_name=r"costs $\no$ dollars")))


def test_a_name_of_a_megabyte_is_cut() -> None:
    drawn = [
        plot_png(board(row("lite", "a", 1, adjusted_score=0.5, display_name=name)))
        for name in ("x" * 1_000_000, "x" * 200)
    ]
    assert drawn[0] == drawn[1]


def test_a_name_of_many_lines_is_drawn_on_one() -> None:
    many, one = (row("lite", "a", 1, adjusted_score=0.5, display_name=name) for name in ("a\nb\n\nc", "a b c"))
    assert plot_png(board(many)) == plot_png(board(one))


def test_an_empty_leaderboard_gives_an_empty_plot() -> None:
    assert _blue_rows(plot_png(board())).max() == 0


def test_markdown_holds_the_plot_itself() -> None:
    prefix, encoded = plot_markdown(_board(0.1, 0.9)).split("base64,")

    assert prefix == "![leaderboard](data:image/png;"
    assert base64.b64decode(encoded.removesuffix(")")) == plot_png(_board(0.1, 0.9))
