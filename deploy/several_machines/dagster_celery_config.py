"""Settings of Celery, for the workers, which find this module by its name, and for the executor."""

import os

broker_url = os.environ.get("EVERY_EVAL_BROKER", "redis://127.0.0.1:6379/0")
result_backend = broker_url
worker_prefetch_multiplier = 1
"""A worker takes a step when it has time for it, not before."""
task_acks_late = True
task_reject_on_worker_lost = True
"""A step whose worker died is given to another one."""
broker_transport_options = {"visibility_timeout": int(os.environ.get("EVERY_EVAL_REDELIVERY_SECONDS", "3600"))}
"""After so long Redis gives a step to another worker; longer than any step should take."""
