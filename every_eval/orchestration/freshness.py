"""How old a published table may be before the UI shows it red: the schedule's interval plus the limit of its run.

Only tables that every run of a job materialises have a policy: a shard is made again only when its inputs change.
"""

from datetime import timedelta
from typing import Final

import dagster as dg

from every_eval.orchestration.time_limit import DAILY_MINUTES, WEEKLY_MINUTES

WEEKLY: Final = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=7, minutes=WEEKLY_MINUTES))
DAILY: Final = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=1, minutes=DAILY_MINUTES))
