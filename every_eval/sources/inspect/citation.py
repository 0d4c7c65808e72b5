"""How to cite the program that wrote the results, as its authors ask."""

from typing import Final

from every_eval.hub.citations import Citation

CITATION: Final = Citation(
    tag="inspect-ai",
    description="Inspect, which made the results of `inspect`",
    bibtex="""@software{inspect-ai,
  title  = {Inspect AI: Framework for Large Language Model Evaluations},
  author = {{UK AI Security Institute}},
  year   = {2024},
  url    = {https://github.com/UKGovernmentBEIS/inspect_ai}
}""",
)
