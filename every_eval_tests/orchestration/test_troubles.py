"""Exit status, checks, log and alert agree for every kind of trouble, and are what the README's table says."""

import io
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from every_eval.definitions import build_definitions
from every_eval.errors import UpstreamUnavailable
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Add, publish
from every_eval.orchestration import alerts
from every_eval.orchestration.jobs import DAILY, REFRESH, WEEKLY
from every_eval.scoring import build
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Discovery, Run, RunRows
from every_eval.storage.storage import Storage
from every_eval_tests.helm_root import HelmRoot, edit
from every_eval_tests.hub.hubs import NOON
from every_eval_tests.orchestration.deployment import DATA, IN_MEMORY, dagster_instance
from every_eval_tests.orchestration.toy_source import ToySource
from every_eval_tests.orchestration.webhook import Posts, listening

pytestmark = pytest.mark.slow

README = (Path(__file__).parents[2] / "README.md").read_text()
TABLE = re.findall(r"^\| (.+?) \| (0|1|as without) \| (.+?) \| (.+?) \| (.+?) \|$", README, re.MULTILINE)
CHECK = re.compile(r"`(?P<name>[\w ]+)` (?P<result>red|warning)")
LEVELS = {"WARNING": 30, "ERROR": 40}


class FaultySource(HelmSource):
    """HELM, with faults of every_eval and of the network that nobody can plant in files."""

    def __init__(self, broken: str = "", failing: str = "", gone: str = "", unscored: str = "") -> None:
        """Fail on the discovery of a benchmark, by a bug or for want of a file on a run, or on a benchmark's scores."""
        self._broken, self._failing, self._gone, self._unscored = broken, failing, gone, unscored

    def discover(self, storage: Storage, benchmark: str) -> Discovery:
        if benchmark == self._broken:
            raise KeyError("planted-in-discovery")
        return super().discover(storage, benchmark)

    def read(self, run: Run, open_file: Callable[[str], IO[bytes]]) -> Iterator[RunRows]:
        if run.name == self._failing:
            raise ZeroDivisionError("planted-in-reading")
        if run.name == self._gone:
            raise UpstreamUnavailable("planted: the file is no longer there")
        return super().read(run, open_file)

    def directions(self, release: Mapping[str, Any]) -> Mapping[str, bool]:
        if release["benchmark"] == self._unscored:
            raise ArithmeticError("planted-in-scoring")
        return super().directions(release)


@dataclass
class Seen:
    """What a run showed."""

    exit_status: int
    checks: Mapping[str, str]
    """Result of each check over all that is published, by asset and check."""
    log: Sequence[tuple[int, str]]
    """Level and text of each line."""
    posts: Sequence[str]

    def levels(self, needle: str) -> set[int]:
        """Levels from WARNING on at which the log speaks of something."""
        return {level for level, text in self.log if level >= LEVELS["WARNING"] and needle in text}


@dataclass
class Stage:
    """A deployment in which one trouble after the other is planted."""

    folder: Path
    instance: dg.DagsterInstance
    posts: Posts
    environment: pytest.MonkeyPatch
    seen: dict[str, Seen] = field(default_factory=dict)

    @cached_property
    def root(self) -> HelmRoot:
        return HelmRoot.unpack(self.folder / "helm")

    def launch(self, job: str, source: HelmSource | None = None, **options: Any) -> Seen:
        definitions = build_definitions([source or HelmSource(), ToySource()])
        log, checks = list[tuple[int, str]](), {}
        with plain_log(log):
            result = definitions.resolve_job_def(job).execute_in_process(
                instance=self.instance, raise_on_error=False, **options
            )
        for entry in self.instance.all_logs(result.run_id):
            event = entry.dagster_event
            if event is not None and event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
                found = event.asset_check_evaluation_data
                state = "passed" if found.passed else {"ERROR": "red", "WARN": "warning"}[found.severity.value]
                if found.partition is None:
                    checks[f"{found.asset_key.to_user_string()} {found.check_name}"] = state
            elif event is not None and event.is_step_failure:
                error = event.step_failure_data
                log.append((int(entry.level), f"{error.error_display_string} {entry.user_message}"))
            else:
                log.append((int(entry.level), entry.user_message))
        return Seen(0 if result.success else 1, checks, log, self.posts.take())

    def run_of(self, benchmark: str, n: int) -> Path:
        """Folder of a run whose shard no other trouble touches."""
        return [folder for folder in self.root.runs() if folder.parts[-5] == benchmark][n]


@contextmanager
def plain_log(lines: list[tuple[int, str]]) -> Iterator[None]:
    """Add what the modules of every_eval log beside Dagster's log."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append((record.levelno, record.getMessage()))

    handler = Handler()
    logging.getLogger("every_eval").addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger("every_eval").removeHandler(handler)


def add_byte(folder: Path) -> None:
    """Change a file of a run without changing what it says."""
    (folder / "run_spec.json").write_bytes((folder / "run_spec.json").read_bytes() + b"\n")


def cut(file: Path) -> None:
    file.write_text(file.read_text()[:-50])


def plant_cell(tables: list[dict[str, Any]]) -> list[dict[str, Any]]:
    cell = next(cell for cell in tables[0]["rows"][0][1:] if isinstance(cell.get("value"), float))
    cell["value"] = 0.987654
    return tables


def plant_statistic(stats: list[dict[str, Any]]) -> list[dict[str, Any]]:
    stat = next(stat for stat in stats if stat["name"]["name"] == "exact_match")
    return [one | ({"sum": 0.125, "mean": 0.125} if one is stat else {}) for one in stats]


def entries_of(seen: Seen) -> str:
    """The entries that the log prints, each with a reason, as a person makes the file of them."""
    lines = dict.fromkeys(re.findall(r'^- \{check: .*reason: ""\}', "\n".join(text for _, text in seen.log), re.M))
    return "\n".join(line.replace('reason: ""', 'reason: "planted"') for line in lines) + "\n"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Plant the troubles, and keep what the runs showed by a name of each run."""
    folder = tmp_path_factory.mktemp("troubles")
    (folder / "toys" / "quiz").mkdir(parents=True)
    (folder / "toys" / "quiz" / "ada.json").write_text('{"q1": 1.0}')
    with (
        pytest.MonkeyPatch.context() as environment,
        listening() as posts,
        dagster_instance(folder / "dagster", IN_MEMORY) as instance,
    ):
        made = Stage(folder, instance, posts, environment)
        environment.chdir(folder)
        environment.setattr(alerts, "WAITS_SECONDS", (0, 0, 0))
        settings: dict[str, object] = {"HELM_ROOT": folder / "helm", "TOY_ROOT": folder / "toys", "HUB": folder / "hub"}
        settings |= {"ALERT_WEBHOOK": posts.url, "SHARD_BYTES": 4_000_000, "TYPO": 1}
        for name, value in settings.items():
            environment.setenv(f"EVERY_EVAL_{name}", str(value))
        plant_and_launch(made)
        yield made


def plant_and_launch(stage: Stage) -> None:
    """Launch a job after each change; each later run of the same job shows what is told twice."""
    seen, root = stage.seen, stage.root
    cut(stage.run_of("mmlu", 0) / "per_instance_stats.json")
    root.index_run("mmlu", "v1.1.0", "v1.0.0", "absent:model=nobody_x")
    seen["warnings"] = stage.launch(REFRESH)
    edit(stage.run_of("classic", 0) / "stats.json", plant_statistic)
    edit(root.output("lite") / "releases" / "v1.1.0" / "groups" / "core_scenarios.json", plant_cell)
    cut(stage.run_of("mmlu", -1) / "display_predictions.json")
    add_byte(stage.run_of("classic", -1))
    failing = FaultySource(failing=stage.run_of("classic", -1).name)
    seen["faults"] = stage.launch(REFRESH, failing)
    seen["faults again"] = stage.launch(WEEKLY, failing)
    stale = "- {check: helm/stats reported, place: nowhere, ours: 1, reported: 2, reason: mended}\n"
    (stage.folder / "acknowledged.yaml").write_text(entries_of(seen["faults"]) + stale)
    seen["acknowledged"] = stage.launch(REFRESH, failing)
    # From here on, everything that stands is acknowledged: an exit status of 1 is that of one trouble alone.
    seen["acknowledged again"] = stage.launch(DAILY, failing)
    for name in ("discovery", "discovery again"):
        seen[name] = stage.launch(WEEKLY, FaultySource(broken="lite", failing=stage.run_of("classic", -1).name))
    add_byte(stage.run_of("lite", 0))
    gone = FaultySource(gone=stage.run_of("lite", 0).name, failing=stage.run_of("classic", -1).name)
    for name in ("shard", "shard again"):
        seen[name] = stage.launch(WEEKLY, gone)
    assert stage.launch(WEEKLY, failing).exit_status == 0
    for name in ("left out", "left out again"):
        seen[name] = stage.launch(DAILY, FaultySource(unscored="lite"))
    force = {"ops": {"comprehensive_stats": {"config": {"force_regenerate": True}}}}
    assert stage.launch(DAILY, failing, run_config=force).exit_status == 0
    with pytest.MonkeyPatch.context() as environment:
        environment.setattr(build, "cross_source", fail)
        for name in ("step", "step again"):
            seen[name] = stage.launch(DAILY, failing, run_config=force)
    for name in ("time", "time again"):
        seen[name] = stage.launch(WEEKLY, failing, tags={"dagster/max_runtime": "0.001"})
    for name, value in (("setting", {"EVERY_EVAL_SHARD_BYTES": "many"}), ("root", ROOT), ("hub", HUB)):
        with pytest.MonkeyPatch.context() as environment:
            for variable, text in value.items():
                environment.setenv(variable, text)
            seen[name], seen[f"{name} again"] = stage.launch(WEEKLY), stage.launch(WEEKLY)
    seen["page"], seen["page again"] = launch_with_a_page_in_the_way(stage, failing)
    break_index(stage.folder / "hub")
    seen["contract"], seen["contract again"] = stage.launch(WEEKLY, failing), stage.launch(WEEKLY, failing)
    stage.environment.setenv("EVERY_EVAL_ALERT_WEBHOOK", DEAD)
    (stage.folder / "acknowledged.yaml").unlink()
    seen["webhook"] = seen["webhook again"] = stage.launch(WEEKLY, failing)


def launch_with_a_page_in_the_way(stage: Stage, helm: HelmSource) -> list[Seen]:
    (stage.folder / "hub" / "spaces" / "planted").write_text("in the way")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("EVERY_EVAL_PAGE_REPO", "planted/page")
        return [stage.launch(DAILY, helm) for _ in range(2)]


def fail(*_: object) -> None:
    raise ArithmeticError("planted-in-a-step")


DEAD = "http://127.0.0.1:9/planted"
ROOT = {"EVERY_EVAL_HELM_ROOT": DEAD}
HUB = {"EVERY_EVAL_HUB": "huggingface", "HF_TOKEN": "hf_planted", "HF_ENDPOINT": "http://127.0.0.1:9"}


def break_index(hub: Path) -> None:
    """Put an index of shards into the Hub that no job would publish."""
    table = pq.read_table(hub / DATA / "shards" / "helm_mmlu.parquet")
    place = table.column_names.index("n_samples")
    broken = table.set_column(place, "n_samples", pa.array([-1] * table.num_rows, pa.int64()))
    file = io.BytesIO()
    pq.write_table(broken, file)
    publish(FolderHub(hub, lambda: NOON), DATA, "Break", lambda _: [Add("shards/helm_mmlu.parquet", file.getvalue())])


KINDS: Mapping[str, tuple[str, str]] = {
    "a setting cannot be used": ("setting", "EVERY_EVAL_SHARD_BYTES"),
    "nothing answers at a source's root": ("root", "EVERY_EVAL_HELM_ROOT"),
    "nothing answers at the Hub": ("hub", "HF_ENDPOINT"),
    "a benchmark cannot be discovered": ("discovery", "planted-in-discovery"),
    "a shard cannot be published": ("shard", "planted: the file is no longer there"),
    "a step fails by a bug of every_eval": ("step", "planted-in-a-step"),
    "a run reaches its time limit": ("time", "limit"),
    "every_eval fails to read a run, by a bug": ("faults", "planted-in-reading"),
    "a reported statistic differs from the outputs": ("faults", "the source reports 0.125"),
    "a benchmark, release or run cannot be scored; its scores stay as they were, or lack it": (
        "left out",
        "planted-in-scoring",
    ),
    "a cell of HELM's tables differs from the statistics": ("faults", "the source publishes 0.987654"),
    "damage in newer files would remove rows, so the shard is held back": ("faults", "is held back"),
    "a published file breaks its contract": ("contract", "shards/helm_mmlu.parquet breaks the contract"),
    "a file, row or value cannot be used (a reject)": ("warnings", "per_instance_stats.json"),
    "scores are doubtful, or lack runs of the release": ("warnings", "coverage: 1 of"),
    "a check compared nothing": ("warnings", "Nothing was compared by toy/stats reported"),
    "a fault that is acknowledged": ("acknowledged", "This is acknowledged: planted"),
    "an acknowledged fault that is not found": ("acknowledged", "acknowledges what was not found"),
    "the page cannot be published": ("page", "page:"),
    "an unknown variable that begins with `EVERY_EVAL_`": ("warnings", "EVERY_EVAL_TYPO"),
    "the webhook does not take an alert": ("webhook", "The webhook of EVERY_EVAL_ALERT_WEBHOOK"),
}
"""The run that shows each kind of trouble, and words by which its log speaks of the trouble."""
AGAIN = {"warnings": "faults"}
"""The next run after a run, where it is not called `again`."""


def test_the_table_has_every_kind() -> None:
    assert [kind for kind, *_ in TABLE] == list(KINDS)


def test_each_kind_of_trouble_shows_what_the_table_says(stage: Stage, subtests: pytest.Subtests) -> None:
    # One test, so that one process plants the troubles.
    for kind, *stated in TABLE:
        with subtests.test(kind):
            _shows(stage, kind, *stated)


def _shows(stage: Stage, kind: str, exit_status: str, check: str, log: str, alert: str) -> None:
    name, needle = KINDS[kind]
    first, again = stage.seen[name], stage.seen[AGAIN.get(name, f"{name} again")]
    assert first.exit_status == int(exit_status if exit_status != "as without" else stage.seen["faults"].exit_status)
    stated = CHECK.search(check)
    assert stated is not None or check == "none"
    if stated is not None:
        source = "toy/" if "toy/" in needle else "" if stated["name"].startswith("page") else "helm/"
        assert first.checks[f"{source}{stated['name']}"] == stated["result"]
    level = LEVELS[log.partition(",")[0]]
    assert max(first.levels(needle)) == level
    is_traced = any("Traceback" in text or "Stack Trace" in text for _, text in first.log if needle in text)
    assert is_traced or "trace" not in log
    # An alert of several faults names their checks, and describes the faults that fit.
    named = f"helm/{stated['name']}" if stated is not None and stated["result"] == "red" else needle
    told = [[text for text in one.posts if needle in text or named in text] for one in (first, again)]
    expected = {"every run": [1, 1], "once": [1, 0], "none": [0, 0]}[alert]
    assert [len(texts) for texts in told] == expected, [first.posts, again.posts]


def test_a_run_that_finds_nothing_new_is_red_as_long_as_a_fault_stands(stage: Stage) -> None:
    again = stage.seen["faults again"]
    assert again.exit_status == 1
    red = {name for name, result in again.checks.items() if result == "red"}
    assert red == {"helm/stats reported", "helm/tables published", "helm/samples held_back", "helm/samples failed_runs"}
    assert again.posts == []


def test_what_is_acknowledged_is_a_warning_and_a_shard_that_was_held_back_is_published(stage: Stage) -> None:
    entries = yaml.safe_load(entries_of(stage.seen["faults"]))
    assert {entry["check"] for entry in entries} == {
        *("helm/stats reported", "helm/tables published", "helm/samples held_back", "helm/samples failed_runs")
    }
    seen = stage.seen["acknowledged"]
    assert seen.exit_status == 0
    assert {name for name, result in seen.checks.items() if result == "red"} == set()
    assert seen.checks["helm/samples held_back"] == "passed"
    assert any("was held back, and is published" in text for _, text in seen.log)
    assert stage.seen["acknowledged again"].exit_status == 0


def test_the_neighbours_of_a_benchmark_that_cannot_be_discovered_go_on(stage: Stage) -> None:
    log = "\n".join(text for _, text in stage.seen["discovery"].log)
    assert "Found 39 runs of helm/classic" in log
    assert "Found 1 runs of toy/quiz" in log
