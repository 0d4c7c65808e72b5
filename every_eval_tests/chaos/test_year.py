"""A year of running costs what is new, grows by what is new, and ends where a first run over the end would begin."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import pytest

from every_eval_tests.chaos.attacks import IS_WHOLE
from every_eval_tests.chaos.year import DATED_FILES, Week, a_year
from every_eval_tests.hub.hub_server import CLIENT_WARNING

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(CLIENT_WARNING),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

N_WEEKS = 52 if IS_WHOLE else 5


def costs(weeks: Sequence[Week]) -> dict[str, float]:
    """What a run that is new or changed costs in a week without faults, at the median."""
    active = [week for week in weeks if week.n_changed and not week.has_faults]
    names = ("bucket_requests", "hub_requests", "data_bytes")
    return {name: median(getattr(week, name) / week.n_changed for week in active) for name in names}


def test_the_jobs_of_a_year_cost_what_is_new_and_their_rows_equal_those_of_one_fresh_run(tmp_path: Path) -> None:
    with a_year(tmp_path, seed=0) as year:
        for number in range(N_WEEKS):
            year.run(number)
        weeks = year.weeks
        assert year.outcome() == year.fresh_outcome()
        assert len(year.dated()) <= DATED_FILES
    quiet = [week for week in weeks if not week.n_changed]
    assert quiet and {(week.commits, week.data_bytes, week.scores_bytes) for week in quiet} == {(0, 0, 0)}
    # The listing of the bucket and the project's index, however large the corpus is.
    assert {week.bucket_requests for week in quiet if not week.has_faults} == {quiet[0].bucket_requests}
    calm = [week for week in weeks[1:] if not week.has_faults]
    assert max(week.commits for week in calm) <= 3  # discovery, ingestion, scores
    if IS_WHOLE:
        first, last = costs(weeks[1 : N_WEEKS // 4]), costs(weeks[-N_WEEKS // 4 :])
        assert {name: last[name] <= 2 * cost for name, cost in first.items()} == dict.fromkeys(first, True)
        assert max(week.scores_files for week in weeks) <= DATED_FILES + 40
