"""How old what is published may be before the UI shows it red: the schedule's interval and the limit of its run.

Only what every run of a job materialises has a policy: a shard is not made again where nothing changed.
"""

from datetime import timedelta
from typing import Final

import dagster as dg

from every_eval.orchestration.limits import DAILY_MINUTES, WEEKLY_MINUTES

WEEKLY: Final = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=7, minutes=WEEKLY_MINUTES))
DAILY: Final = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=1, minutes=DAILY_MINUTES))
