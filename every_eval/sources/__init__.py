"""The sources that are followed, in the order in which they are shown; a new source is an entry here."""

from typing import Final

from every_eval.sources.eval_harness.source import EvalHarnessSource
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Source

SOURCES: Final[tuple[Source, ...]] = (HelmSource(), EvalHarnessSource())
