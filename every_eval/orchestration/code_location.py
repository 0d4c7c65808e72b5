"""Assign runs that a command starts to our code location, so that the home of the Dagster UI shows them.

Dagster notes the code location of a run if the UI or the daemon launches it, and not if a command does; the timeline,
which is the home of the UI, leaves out runs without one. No setting changes that. `dagster run migrate-repository`
assigns runs to a code location in the same way as this module. The modules behind it are private to Dagster, so they
are imported here alone; pyproject.toml allows no other version of Dagster than 1.13.
"""

from typing import Final

import dagster as dg
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin, RemoteRepositoryOrigin
from dagster._core.storage.tags import REPOSITORY_LABEL_TAG
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

LOCATION: Final = "every_eval"
"""Name of the code location in workspace.yaml and in pyproject.toml."""
MODULE: Final = "every_eval.definitions"


def assign_code_location(instance: dg.DagsterInstance, run_id: str) -> None:
    """Assign a run to our code location, unless it has one."""
    run = instance.get_run_by_id(run_id)
    if run is None or run.remote_job_origin is not None:
        return
    place = ManagedGrpcPythonEnvCodeLocationOrigin(LoadableTargetOrigin(module_name=MODULE), LOCATION)
    repository = RemoteRepositoryOrigin(place, SINGLETON_REPOSITORY_NAME)
    instance.run_storage.replace_job_origin(run, repository.get_job_origin(run.job_name))
    instance.add_run_tags(run_id, {REPOSITORY_LABEL_TAG: repository.get_label()})
