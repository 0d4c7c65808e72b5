"""Assets that export published results in the formats of other places; no job materialises them."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import dagster as dg
from pydantic import Field

from every_eval.contracts.metrics import METRICS
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.orchestration.asset_keys import EEE, OWNERS, asset_key
from every_eval.orchestration.metadata import link
from every_eval.orchestration.resources import HubResource
from every_eval.orchestration.step_failures import explained
from every_eval.sources.source import Source

if TYPE_CHECKING:
    from every_eval.export.eee.export import Exported, Options

DESCRIPTION = (
    "Published runs as records of Every Eval Ever's schema 0.3.0 (https://github.com/evaleval/every_eval_ever), in a "
    "folder. No job and no schedule materialises this asset. `python -m every_eval.export eee` does the same."
)


class EeeOptions(dg.Config):
    """What is exported, and where to."""

    out: str = Field(default="data/eee", description="Folder to write into.")
    benchmark: str | None = Field(default=None, description="Only runs of this benchmark. Default: all benchmarks.")
    run: str | None = Field(default=None, description="Only this run, as RUN or SUITE/RUN. Default: all runs.")
    level: Literal["main", "all"] = Field(
        default="main", description="main: the main metrics of each run; all: every statistic and every metric."
    )
    samples: bool = Field(default=False, description="Write a row for each value of a metric, with the texts.")
    pull_request: str | None = Field(
        default=None,
        description="Dataset repo of the Hugging Face Hub to propose the records to, owner/name. Default: none.",
    )


def eee_asset(source: Source) -> dg.AssetsDefinition:
    """Return the asset that exports a source's runs as records of Every Eval Ever."""

    @dg.asset(
        key=[source.name, EEE],
        deps=[asset_key(source, table) for table in (STATS, SAMPLES, METRICS, RELEASES)],
        group_name=source.name,
        kinds={"json"},
        owners=list(OWNERS),
        description=DESCRIPTION,
    )
    def eee(context: dg.AssetExecutionContext, config: EeeOptions, hub: HubResource) -> dg.MaterializeResult[None]:
        from every_eval.export.eee.export import Options, export
        from every_eval.export.eee.proposal import propose_records
        from every_eval.export.published_runs import Selection
        from every_eval.readers.published import open_published

        with explained():
            published = open_published(hub.place, data_repo=hub.data, scores_repo=hub.scores)
            options = Options(Path(config.out), config.level, config.samples)
            exported = export(published, Selection(source.name, config.benchmark, config.run), options)
            proposal = propose_records(exported, options, config.pull_request) if config.pull_request else None
        context.log.info(exported.counts.describe())
        return _result(exported, options, proposal)

    return eee


def _result(exported: "Exported", options: "Options", proposal: str | None) -> dg.MaterializeResult[None]:
    counts = exported.counts
    numbers = {name: getattr(counts, name) for name in ("runs", "records", "changed", "results", "rows")}
    return dg.MaterializeResult(
        metadata={
            **numbers,
            **counts.unsaid,
            "left_out": dict(counts.left_out),
            "location": link(str(options.out.absolute())),
            **({"pull_request": proposal} if proposal else {}),
        }
    )
