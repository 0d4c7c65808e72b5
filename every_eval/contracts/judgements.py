"""judgements: what each judge said of an output by each criterion."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.table import Column, Table

JUDGEMENTS = Table(
    name="judgements",
    doc="One row per output, judge and criterion: the score that the judge gave, and the judge's explanation.",
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        shared.SUITE,
        shared.RUN,
        *shared.SAMPLE_KEY,
        Column("annotator", pa.string(), "Name of the annotator, as the source writes it.", repeats=True),
        Column(
            "judge",
            pa.string(),
            "Model or person that judged the output, as the source names the judge: for helm often gpt or llama.",
            null_when="the annotator names no judge, or the score follows from a rule, as for an empty output",
            repeats=True,
        ),
        Column(
            "criterion",
            pa.string(),
            "Criterion of the score, as the source names it.",
            repeats=True,
        ),
        Column(
            "score",
            pa.float64(),
            "Score that the judge gave, in the judge's own scale.",
            null_when="the judge gave no score that could be read",
        ),
        Column("explanation", pa.string(), "Explanation of the score.", null_when="the judge gave none"),
    ),
    key=(*shared.SAMPLE_IDENTITY, "annotator", "judge", "criterion"),
)
