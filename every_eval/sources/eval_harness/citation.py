"""How to cite the program that wrote the results, as its authors ask."""

from typing import Final

from every_eval.hub.citations import Citation

CITATION: Final = Citation(
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
)
