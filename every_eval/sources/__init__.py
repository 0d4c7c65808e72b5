"""Sources of evaluation results, in the order in which they are shown. A new source needs an entry in `SOURCES`."""

from typing import Final

from every_eval.sources.eval_harness.source import EvalHarnessSource
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.inspect.source import InspectSource
from every_eval.sources.source import Source

SOURCES: Final[tuple[Source, ...]] = (HelmSource(), EvalHarnessSource(), InspectSource())
