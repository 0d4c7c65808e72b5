"""Rehearse a deployment of several machines on one machine: PostgreSQL, Redis, the daemon and two workers.

The rehearsal runs the weekly job on both workers, kills a worker in the middle of a step if --kill is given, and writes
a report to standard output as JSON. It stops every process that it started. The settings of the sources come from the
environment; the Hub is a folder in FOLDER.

    python deploy/several_machines/rehearse.py FOLDER [--workers N] [--batch-shards N] [--processes N] [--kill]
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

HERE = Path(__file__).parent
JOB = "weekly_data_processing"
PATIENCE_SECONDS = 300
UNPRIVILEGED = "postgres" if os.geteuid() == 0 else None
"""User of PostgreSQL's processes, because PostgreSQL refuses to run as root; null: the user of this process."""


def free_port() -> int:
    """Return a port on which no process listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def wait_for(what: str, is_there: Callable[[], Any]) -> Any:  # noqa: ANN401 - as the callable returns
    """Call `is_there` until its result is true, and return the result.

    Raises:
        TimeoutError: the result is not true within `PATIENCE_SECONDS`.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if found := is_there():
            return found
        time.sleep(0.2)
    raise TimeoutError(f"Waited {PATIENCE_SECONDS} seconds for {what}; see the *.log files in the rehearsal's folder.")


def answers(port: int) -> bool:
    """Tell whether a process listens on the port."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def binary(name: str) -> str:
    """Return the path of a program of PostgreSQL. Debian does not put the servers' programs on the PATH."""
    found = [shutil.which(name), *sorted(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), reverse=True)]
    path = next((path for path in found if path), None)
    if path is None:
        raise FileNotFoundError(
            f"The program {name} of PostgreSQL is missing. Install PostgreSQL, on Debian the package postgresql."
        )
    return path


@dataclass
class Cluster:
    """The servers, the daemon and the workers of a rehearsal."""

    folder: Path
    """Folder for logs, Dagster's files and the Hub."""
    settings: dict[str, str] = field(default_factory=dict)
    """Environment variables of every process."""
    workers: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    """Running workers, by name."""
    stack: ExitStack = field(default_factory=ExitStack)
    """Stops every process and closes every log at the end."""

    def start(self, name: str, command: Sequence[str], **options: Any) -> "subprocess.Popen[bytes]":  # noqa: ANN401
        """Start a process in a process group of its own, with a log file; the process ends with the rehearsal."""
        log = self.stack.enter_context((self.folder / f"{name}.log").open("wb"))
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=options.pop("cwd", HERE),
            env=self.settings,
            **options,
        )
        self.stack.callback(stop, process)
        return process

    def start_postgres(self) -> None:
        """Start PostgreSQL in a temporary folder of its user."""
        data = Path(self.stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        if UNPRIVILEGED is not None:
            shutil.chown(data, UNPRIVILEGED)
        user = {"user": UNPRIVILEGED, "group": UNPRIVILEGED, "extra_groups": []} if UNPRIVILEGED else {}
        port = free_port()
        initdb = [binary("initdb"), "-D", str(data / "db"), "-U", "dagster", "-A", "trust", "--no-sync", "-E", "UTF8"]
        subprocess.run(initdb, check=True, capture_output=True, cwd="/", **user)  # type: ignore[call-overload]
        options = ["-k", str(data), "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        self.start("postgres", [binary("postgres"), "-D", str(data / "db"), *options], cwd="/", **user)
        wait_for("PostgreSQL", lambda: answers(port))
        self.settings["EVERY_EVAL_POSTGRES_URL"] = f"postgresql+psycopg2://dagster@127.0.0.1:{port}/postgres"

    def start_redis(self) -> None:
        """Start Redis without files."""
        port = free_port()
        server = shutil.which("redis-server") or "redis-server"
        self.start("redis", [server, "--port", str(port), "--save", "", "--appendonly", "no"], cwd=self.folder)
        wait_for("Redis", lambda: answers(port))
        self.settings["EVERY_EVAL_BROKER"] = f"redis://127.0.0.1:{port}/0"

    def start_worker(self, name: str) -> None:
        """Start a Celery worker that executes one step at a time."""
        options = ["--queues", "dagster", "--concurrency", "1", "--hostname", f"{name}@rehearsal", "--loglevel", "INFO"]
        celery = [sys.executable, "-m", "celery", "--app", "dagster_celery.app", "worker", *options]
        self.workers[name] = self.start(name, celery)

    def kill_worker(self, name: str) -> None:
        """Kill a worker with its processes, as a power cut would."""
        os.killpg(self.workers.pop(name).pid, signal.SIGKILL)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Terminate a process; kill its process group if it does not end within 15 seconds."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@dataclass(frozen=True)
class RunEvents:
    """What the event log says of a run."""

    instance: dg.DagsterInstance
    run_id: str

    def taken(self) -> Iterator[tuple[str, str]]:
        """Yield each ingestion step that a worker took, with the name of the worker."""
        for entry in self.instance.all_logs(self.run_id, dg.DagsterEventType.ENGINE_EVENT):
            event = entry.dagster_event
            metadata = event.engine_event_data.metadata if event is not None else {}
            if event is not None and "Celery worker" in metadata and str(event.step_key).startswith("ingest["):
                yield str(event.step_key), str(metadata["Celery worker"].value).split("@")[0]

    def finished(self) -> set[str]:
        """Return the keys of the steps that succeeded."""
        entries = self.instance.all_logs(self.run_id, dg.DagsterEventType.STEP_SUCCESS)
        return {str(entry.dagster_event.step_key) for entry in entries if entry.dagster_event is not None}

    def status(self) -> dg.DagsterRunStatus | None:
        """Return the status of the run once the run has ended; null before."""
        run = self.instance.get_run_by_id(self.run_id)
        return run.status if run is not None and run.is_finished else None

    def lasted(self) -> float:
        """Return the duration of the run, in seconds."""
        record = self.instance.get_run_record_by_id(self.run_id)
        return (record.end_time or 0) - (record.start_time or 0) if record is not None else 0


def kill_in_the_middle(cluster: Cluster, run: RunEvents) -> dict[str, str]:
    """Kill the worker that took the latest step while the step is unfinished; return the names of both."""
    while True:
        wait_for("a step on each worker", lambda: len({worker for _, worker in run.taken()}) > 1)
        step, worker = list(run.taken())[-1]
        group = cluster.workers[worker].pid
        os.killpg(group, signal.SIGSTOP)
        time.sleep(0.5)
        if step not in run.finished():
            cluster.kill_worker(worker)
            return {"worker": worker, "step": step}
        os.killpg(group, signal.SIGCONT)
        time.sleep(0.2)


def rehearse(cluster: Cluster, n_workers: int, config: Mapping[str, Any], kill: bool) -> dict[str, Any]:
    """Run the weekly job and return the report."""
    cluster.start_postgres()
    cluster.start_redis()
    home = cluster.folder / "dagster"
    home.mkdir()
    shutil.copy(HERE / "dagster.yaml", home)
    cluster.settings |= {"DAGSTER_HOME": str(home), "EVERY_EVAL_HUB": str(cluster.folder / "hub")}
    os.environ.update(cluster.settings)
    with dg.DagsterInstance.get() as instance:
        for number in range(n_workers):
            cluster.start_worker(f"worker_{number + 1}")
        cluster.start("daemon", [sys.executable, "-m", "dagster._daemon", "run", "-w", str(HERE / "workspace.yaml")])
        for name in cluster.workers:
            wait_for(f"worker {name}", lambda name=name: b"ready" in (cluster.folder / f"{name}.log").read_bytes())  # type: ignore[misc]
        launch = [sys.executable, "-m", "dagster", "job", "launch", "-w", str(HERE / "workspace.yaml"), "-j", JOB]
        subprocess.run(
            [*launch, "--config-json", json.dumps(config)],
            check=True,
            cwd=HERE,
            env=cluster.settings,
            capture_output=True,
        )
        run = RunEvents(instance, wait_for("the run to be queued", lambda: instance.get_runs(limit=1))[0].run_id)
        wait_for("the first ingestion step", lambda: list(run.taken()))
        started = time.monotonic()
        killed = kill_in_the_middle(cluster, run) if kill else None
        status = wait_for("the end of the run", run.status)
        return {
            "status": status.value,
            "seconds": round(time.monotonic() - started, 1),
            "seconds_with_discovery": round(run.lasted(), 1),
            "killed": killed,
            "steps": Counter(worker for _, worker in run.taken()),
            "taken_twice": sorted(
                step for step, times in Counter(step for step, _ in run.taken()).items() if times > 1
            ),
        }


def run_config(batch_shards: int, processes: int | None) -> dict[str, Any]:
    """Return the run config: shards that a step ingests, and processes with which a step reads runs."""
    config: dict[str, Any] = {"ops": {"discover": {"config": {"batch_shards": batch_shards}}}}
    if processes is not None:
        config["resources"] = {"helm": {"config": {"source": "helm", "processes": processes}}}
    return config


def environment() -> Mapping[str, str]:
    """Return this process's environment variables, with the code location's folder added to PYTHONPATH."""
    path = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, "DAGSTER_DISABLE_TELEMETRY": "yes", "PYTHONWARNINGS": "ignore"}


def main() -> None:
    """Rehearse by the arguments and print the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch-shards", type=int, default=1)
    parser.add_argument(
        "--processes", type=int, help="processes with which a step reads runs; default: one for each core"
    )
    parser.add_argument("--kill", action="store_true")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    cluster = Cluster(arguments.folder.absolute(), dict(environment()))
    with cluster.stack:
        config = run_config(arguments.batch_shards, arguments.processes)
        report = rehearse(cluster, arguments.workers, config, arguments.kill)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
