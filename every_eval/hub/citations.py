"""How the programs are cited that wrote the results, as their authors ask."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Citation:
    """One program."""

    tag: str
    """Under which the Hub's users look for it."""
    what: str
    """What it is to the results."""
    bibtex: str


CITATIONS: Final = {
    "helm": Citation(
        tag="helm",
        what="HELM, whose results these are",
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
        what="The Language Model Evaluation Harness, which made the results of `eval_harness`",
        bibtex="""@misc{eval-harness,
  title     = {The Language Model Evaluation Harness},
  author    = {Leo Gao and Jonathan Tow and Baber Abbasi and Stella Biderman and others},
  publisher = {Zenodo},
  year      = {2024},
  doi       = {10.5281/zenodo.12608602},
  url       = {https://zenodo.org/records/12608602}
}""",
    ),
}
"""By the source's name."""


def tags(sources: Iterable[str]) -> list[str]:
    """The tags of sources."""
    return [CITATIONS[source].tag for source in sources]


def citations(sources: Iterable[str]) -> str:
    """The citations of sources, as Markdown."""
    found = [CITATIONS[source] for source in sources]
    return "\n\n".join(f"{one.what}:\n\n```bibtex\n{one.bibtex}\n```" for one in found)
