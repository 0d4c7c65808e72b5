"""Citations of the programs that wrote the results, as their authors ask to be cited."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Citation:
    """The citation of one program."""

    tag: str
    """Tag on the Hub by which people find the program's results."""
    description: str
    """What the program has to do with the results, to be read before the BibTeX entry."""
    bibtex: str
    """Entry as BibTeX."""


CITATIONS: Final = {
    "helm": Citation(
        tag="helm",
        description="HELM, whose results these are",
        bibtex="""@article{liang2023holistic,
  title   = {Holistic Evaluation of Language Models},
  author  = {Percy Liang and Rishi Bommasani and Tony Lee and others},
  journal = {Transactions on Machine Learning Research},
  year    = {2023},
  url     = {https://openreview.net/forum?id=iO4LZibEqW}
}""",
    ),
    "eval_harness": Citation(
        tag="lm-evaluation-harness",
        description="The Language Model Evaluation Harness, which made the results of `eval_harness`",
        bibtex="""@misc{eval-harness,
  title     = {The Language Model Evaluation Harness},
  author    = {Leo Gao and Jonathan Tow and Baber Abbasi and Stella Biderman and others},
  publisher = {Zenodo},
  year      = {2024},
  doi       = {10.5281/zenodo.12608602},
  url       = {https://zenodo.org/records/12608602}
}""",
    ),
    "inspect": Citation(
        tag="inspect-ai",
        description="Inspect, which made the results of `inspect`",
        bibtex="""@software{inspect-ai,
  title  = {Inspect AI: Framework for Large Language Model Evaluations},
  author = {{UK AI Security Institute}},
  year   = {2024},
  url    = {https://github.com/UKGovernmentBEIS/inspect_ai}
}""",
    ),
}
"""Citations by the source's name."""


def tags(sources: Iterable[str]) -> list[str]:
    """Return the Hub tags of sources."""
    return [CITATIONS[source].tag for source in sources if source in CITATIONS]


def citations(sources: Iterable[str]) -> str:
    """Return the citations of sources, as Markdown."""
    cited = [CITATIONS[source] for source in sources if source in CITATIONS]
    return "\n\n".join(f"{each.description}:\n\n```bibtex\n{each.bibtex}\n```" for each in cited)
