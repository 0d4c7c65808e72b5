"""Code location for several machines: the same graph, whose steps Celery's workers execute."""

from dagster_celery import celery_executor
from dagster_celery_config import broker_url, result_backend

from every_eval.definitions import build_definitions

defs = build_definitions(executor=celery_executor.configured({"broker": broker_url, "backend": result_backend}))
