"""Columns that several tables share, so that one idea has one name, type and meaning."""

from dataclasses import replace

import pyarrow as pa

from every_eval.contracts.table import Column

TEXTS = pa.list_(pa.field("element", pa.string(), nullable=False))

SOURCE = Column("source", pa.string(), "Program that wrote the results: helm, eval_harness.", repeats=True)
BENCHMARK = Column(
    "benchmark",
    pa.string(),
    "Benchmark the run belongs to: for HELM, the project; for eval_harness, the folder under the root.",
    repeats=True,
)
SUITE = Column(
    "suite",
    pa.string(),
    "What the run lies in: for HELM, a folder of runs; for eval_harness, a results file, by its path without .json.",
    repeats=True,
)
RUN = Column(
    "run",
    pa.string(),
    "Name of the run: one model on one scenario, or task, under one adaptation.",
    repeats=True,
)
SHARD = Column("shard", pa.string(), "Partition that holds the run's rows: the name of its files.", repeats=True)
RELEASE = Column("release", pa.string(), "Release of the benchmark.", repeats=True)

INSTANCE_ID = Column("instance_id", pa.string(), "Instance, unique within the run and its perturbation.")
PERTURBATION = Column(
    "perturbation",
    pa.string(),
    "How the instance's text was changed: the whole object, as JSON with sorted keys.",
    null_when="the text is the original",
    repeats=True,
)
PERTURBATION_NAME = Column(
    "perturbation_name", pa.string(), "Name of the perturbation.", null_when="the text is the original", repeats=True
)
TRAIN_TRIAL_INDEX = Column(
    "train_trial_index", pa.int32(), "Which draw of in-context examples the prompt holds, from 0.", minimum=0
)
REFERENCE_INDEX = Column(
    "reference_index",
    pa.int32(),
    "Reference that the output scores, from 0, where each reference is sent by itself.",
    null_when="the output is not tied to one reference",
    minimum=0,
)
OCCURRENCE = Column(
    "occurrence",
    pa.int32(),
    "Distinguishes rows that agree in the rest of the key, such as the windows of a long text, or a task's filters; "
    "from 0.",
    minimum=0,
)
SAMPLE_KEY = (INSTANCE_ID, PERTURBATION, PERTURBATION_NAME, TRAIN_TRIAL_INDEX, REFERENCE_INDEX, OCCURRENCE)
SAMPLE_IDENTITY = ("benchmark", "suite", "run", *(one.name for one in SAMPLE_KEY if one is not PERTURBATION_NAME))
"""Names of the columns that are unique together for each sample."""

METRIC_NAME = Column("metric_name", pa.string(), "Name of the metric, as the source writes it.", repeats=True)
IS_MAIN_METRIC = Column(
    "is_main_metric", pa.bool_(), "Whether it is the run's main metric: for HELM, that of one of its run groups."
)
SPLIT = Column("split", pa.string(), "Split of the data.", null_when="the source names none", repeats=True)
SUB_SPLIT = Column("sub_split", pa.string(), "Part of the split.", null_when="the split is not divided", repeats=True)
COMPUTED_ON = Column(
    "computed_on",
    pa.string(),
    "What a perturbation's statistic is taken over: perturbed, original, or the worst of both per instance.",
    null_when="no perturbation is involved",
    repeats=True,
)

MODEL_NAME = Column(
    "model_name",
    pa.string(),
    "Model, as creator/name; for eval_harness as its arguments state it, with @revision and +adapter.",
    null_when="not stated",
    repeats=True,
)
MODEL_DEPLOYMENT = Column(
    "model_deployment",
    pa.string(),
    "Host and name under which the model was called; for eval_harness, the backend with its other arguments.",
    null_when="not stated, as before HELM 0.4.0",
    repeats=True,
)
MODEL_FAMILY = Column(
    "model_family",
    pa.string(),
    "Name of the model without its creator, as in the first version of this dataset.",
    null_when="the model's name states no creator",
    repeats=True,
)
CREATOR = Column(
    "creator",
    pa.string(),
    "Organisation that made the model, as the release's schema states it.",
    null_when="no release states it",
    repeats=True,
)
DATASET_NAME = Column(
    "dataset_name",
    pa.string(),
    "Name of the scenario, or of lm-eval's task or group.",
    null_when="the run does not state it",
    repeats=True,
)
TASK = Column(
    "task",
    pa.string(),
    "Arguments of the scenario, such as a subject or a language pair, as name=value, comma-separated.",
    null_when="the scenario has no arguments",
    repeats=True,
)
VARIANT = Column(
    "variant",
    pa.string(),
    "Run's name without the model's arguments: what is held fixed when models are compared.",
    repeats=True,
)
GROUPS = Column("groups", TEXTS, "Groups that the run counts for: HELM's run groups, lm-eval's groups of tasks.")
ADAPTER_METHOD = Column(
    "adapter_method",
    pa.string(),
    "How instances were turned into prompts: generation, multiple_choice_joint and others.",
    null_when="not stated",
    repeats=True,
)

SOURCE_URL = Column(
    "source_url",
    pa.string(),
    "Where the run's files are: for HELM, its folder in the public bucket; else a path below the source's root.",
    repeats=True,
)


def optional(column: Column, null_when: str) -> Column:
    """`column`, null in the case named."""
    return replace(column, null_when=null_when)
