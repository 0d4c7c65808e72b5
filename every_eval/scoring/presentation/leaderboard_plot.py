"""A plot of the leaderboard: the number that each benchmark ranks by, with its bounds or its interval."""

import base64
import io
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.hub.markdown import shortened
from every_eval.scoring.presentation.public_names import public_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_MODELS: Final = 30
"""Number of models of each benchmark that are drawn, the best first."""
LABEL_CHARACTERS: Final = 50
"""Most characters of a model's name that are drawn."""

_INCHES_PER_MODEL: Final = 0.25
_WIDTH: Final = 9


class Point(NamedTuple):
    """A model in a panel."""

    label: str
    value: float
    low: float | None
    high: float | None


class Panel(NamedTuple):
    """What is drawn of a benchmark."""

    title: str
    measure: str
    """Column of the leaderboard whose values are drawn."""
    points: tuple[Point, ...]
    """The models, the best first."""


def plot_png(board: pa.Table) -> bytes:
    """Return the leaderboard as a PNG, with a panel for each benchmark; the same rows give the same bytes.

    A point is the mean win rate, and a line its bounds; in a benchmark without win rates they are the adjusted score
    and its 95 % interval.
    `board` holds rows of the contract `leaderboard`.
    """
    every = [_panel(board, benchmark) for benchmark in board["benchmark"].unique().to_pylist()]
    return render(tuple(panel for panel in every if panel is not None))


@lru_cache(maxsize=8)  # A run publishes the picture, and shows it in the UI.
def render(panels: tuple[Panel, ...]) -> bytes:
    """Draw the panels below each other, and return the PNG."""
    # The canvas draws without a display and without pyplot's global state. Imported here, as the import is slow.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    heights = [len(panel.points) + 3 for panel in panels] or [4]
    figure = Figure(figsize=(_WIDTH, _INCHES_PER_MODEL * sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axis, panel in zip(axes, panels, strict=False):
        _draw(axis, panel)
    file = io.BytesIO()
    # Leave out the name and version of the library, which would change the bytes.
    figure.savefig(file, format="png", dpi=100, metadata={"Software": None})
    return file.getvalue()


def plot_markdown(board: pa.Table) -> str:
    """Return the plot as Markdown that needs no other file."""
    return f"![leaderboard](data:image/png;base64,{base64.b64encode(plot_png(board)).decode()})"


def _panel(board: pa.Table, benchmark: str) -> Panel | None:
    """Return the panel of a benchmark, which shows its ranked models from the best on; null if none has a rank."""
    ranked = board.filter((pc.field("benchmark") == benchmark) & pc.field("rank").is_valid()).to_pylist()
    rows = sorted(ranked, key=lambda row: row["rank"])[:MAX_MODELS]
    if not rows:
        return None
    measure = "mean_win_rate" if any(row["mean_win_rate"] is not None for row in rows) else "adjusted_score"
    points = [
        Point(f"{row['rank']}. {_name(row)}", row[measure], row[f"{measure}_low"], row[f"{measure}_high"])
        for row in rows
    ]
    return Panel(shortened(f"{benchmark} {rows[0]['release']}"), measure, tuple(points))


def _name(row: dict[str, Any]) -> str:
    name = row["display_name"] or row["model_name"] or row["model_deployment"] or "not stated"
    return shortened(public_name(name), LABEL_CHARACTERS)


def _draw(axis: "Axes", panel: Panel) -> None:
    for place, point in enumerate(panel.points):
        if point.low is not None and point.high is not None:
            axis.hlines(place, point.low, point.high, color="tab:blue", linewidth=1.5)
        axis.plot(point.value, place, marker="o", color="tab:blue", markersize=4)
    labels = [point.label for point in panel.points]
    axis.set_yticks(range(len(labels)), labels, fontsize=8, parse_math=False)
    axis.set_ylim(len(labels) - 0.5, -0.5)
    axis.grid(axis="x", alpha=0.3)
    axis.set_title(panel.title, loc="left", fontsize=10, parse_math=False)
    axis.set_xlabel(panel.measure.replace("_", " "), fontsize=8)
