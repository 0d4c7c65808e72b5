"""How to cite the program that wrote the results, as its authors ask."""

from typing import Final

from every_eval.hub.citations import Citation

CITATION: Final = Citation(
    tag="helm",
    description="HELM, whose results these are",
    bibtex="""@article{liang2023holistic,
  title   = {Holistic Evaluation of Language Models},
  author  = {Percy Liang and Rishi Bommasani and Tony Lee and others},
  journal = {Transactions on Machine Learning Research},
  year    = {2023},
  url     = {https://openreview.net/forum?id=iO4LZibEqW}
}""",
)
