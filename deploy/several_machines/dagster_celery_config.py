"""Settings of Celery. Workers and the executor import this module by its name."""

import os

broker_url = os.environ.get("EVERY_EVAL_BROKER", "redis://127.0.0.1:6379/0")
result_backend = broker_url
worker_prefetch_multiplier = 1
"""A worker takes a step only when it is free."""
task_acks_late = True
task_reject_on_worker_lost = True
"""If a worker dies, another worker gets its step."""
broker_transport_options = {"visibility_timeout": int(os.environ.get("EVERY_EVAL_REDELIVERY_SECONDS", "3600"))}
"""Seconds after which Redis gives an unfinished step to another worker; no step should take so long."""
