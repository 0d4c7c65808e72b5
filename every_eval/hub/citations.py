"""Citations of the programs that wrote the results; each source states its own."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Citation:
    """The citation of one program."""

    tag: str
    """Tag on the Hub by which people find the program's results."""
    description: str
    """What the program has to do with the results, to be read before the BibTeX entry."""
    bibtex: str
    """Entry as BibTeX."""


def tags(cited: Iterable[Citation]) -> list[str]:
    """Return the Hub tags of programs."""
    return [each.tag for each in cited]


def citations_text(cited: Iterable[Citation]) -> str:
    """Return citations as Markdown."""
    return "\n\n".join(f"{each.description}:\n\n```bibtex\n{each.bibtex}\n```" for each in cited)
