"""Columns that several tables share, so that one idea has one name, one type and one meaning."""

from dataclasses import replace

import pyarrow as pa

from every_eval.contracts.table import Column

TEXTS = pa.list_(pa.field("element", pa.string(), nullable=False))

SOURCE = Column("source", pa.string(), "Program that wrote the results: helm, eval_harness or inspect.", repeats=True)
BENCHMARK = Column(
    "benchmark",
    pa.string(),
    "Benchmark of the run: for helm, the HELM project; for eval_harness and inspect, the folder under the root.",
    repeats=True,
)
SUITE = Column(
    "suite",
    pa.string(),
    "Runs that were written together: for helm, the name of the suite; for eval_harness, the path of the results file "
    "within the benchmark's folder, without .json; for inspect, the path of the log.",
    repeats=True,
)
RUN = Column(
    "run",
    pa.string(),
    "Name of the run: one model on one scenario or task under one adaptation.",
    repeats=True,
)
SHARD = Column(
    "shard", pa.string(), "Shard that holds the run's rows: a partition, and the name of its files.", repeats=True
)
RELEASE = Column("release", pa.string(), "Release of the benchmark.", repeats=True)

INSTANCE_ID = Column(
    "instance_id", pa.string(), "Identifier of the instance, unique within the run and the perturbation."
)
PERTURBATION = Column(
    "perturbation",
    pa.string(),
    "Perturbation of the instance's text: HELM's whole object, as JSON with sorted keys.",
    null_when="the text is not perturbed",
    repeats=True,
)
PERTURBATION_NAME = Column(
    "perturbation_name",
    pa.string(),
    "Name of the perturbation.",
    null_when="the text is not perturbed",
    repeats=True,
)
TRAIN_TRIAL_INDEX = Column(
    "train_trial_index",
    pa.int32(),
    "Train trial, from 0: which draw of in-context examples the prompt contains; for inspect, the epoch less 1.",
    minimum=0,
)
REFERENCE_INDEX = Column(
    "reference_index",
    pa.int32(),
    "Position of the reference that the request contains, from 0, if each reference is sent in a request of its own.",
    null_when="the request does not belong to one reference",
    minimum=0,
)
OCCURRENCE = Column(
    "occurrence",
    pa.int32(),
    "Number, from 0, that distinguishes rows that agree in the rest of the key: windows of a long text, or filters of "
    "a task.",
    minimum=0,
)
SAMPLE_KEY = (INSTANCE_ID, PERTURBATION, PERTURBATION_NAME, TRAIN_TRIAL_INDEX, REFERENCE_INDEX, OCCURRENCE)
"""Columns that tell the samples of a run apart."""
IDENTITY_IN_RUN = tuple(column.name for column in SAMPLE_KEY if column is not PERTURBATION_NAME)
"""Names of the columns whose values together are unique for each sample of a run."""
SAMPLE_IDENTITY = ("benchmark", "suite", "run", *IDENTITY_IN_RUN)
"""Names of the columns whose values together are unique for each sample."""

METRIC_NAME = Column("metric_name", pa.string(), "Name of the metric, as the source writes it.", repeats=True)
IS_MAIN_METRIC = Column(
    "is_main_metric",
    pa.bool_(),
    "True if the metric is the main metric of the run: for helm, the main metric of one of the run's groups; "
    "for inspect, the headline, and the first metric of each other scorer.",
)
SPLIT = Column(
    "split", pa.string(), "Split of the dataset, such as test.", null_when="the source names no split", repeats=True
)
SUB_SPLIT = Column("sub_split", pa.string(), "Part of the split.", null_when="the split has no parts", repeats=True)
COMPUTED_ON = Column(
    "computed_on",
    pa.string(),
    "Texts that the statistic of a perturbation is computed on: perturbed, original, or worst (for each instance the "
    "worse of both).",
    null_when="the statistic does not involve a perturbation",
    repeats=True,
)

MODEL_NAME = Column(
    "model_name",
    pa.string(),
    "Name of the model: for helm, creator/name; for eval_harness, the name in the model's arguments, with @revision "
    "and +adapter; for inspect, the name on the Hub if it has the form of one, else provider/name.",
    null_when="the source states no model",
    repeats=True,
)
MODEL_DEPLOYMENT = Column(
    "model_deployment",
    pa.string(),
    "Deployment of the model: for helm, host/name; for eval_harness, the backend with its other "
    "arguments; for inspect, the provider.",
    null_when="the source states no deployment, as before HELM 0.4.0",
    repeats=True,
)
MODEL_FAMILY = Column(
    "model_family",
    pa.string(),
    "Name of the model without its creator; the column has its name from the first version of this dataset.",
    null_when="the model's name has no creator",
    repeats=True,
)
CREATOR = Column(
    "creator",
    pa.string(),
    "Organisation that created the model, as the release's schema states it.",
    null_when="no release states the creator",
    repeats=True,
)
DATASET_NAME = Column(
    "dataset_name",
    pa.string(),
    "Name of the scenario (helm), of the task or group (eval_harness), or of the task (inspect).",
    null_when="the run does not state its scenario",
    repeats=True,
)
TASK = Column(
    "task",
    pa.string(),
    "Arguments of the scenario or task, such as a subject or a language pair, as name=value separated by commas.",
    null_when="the scenario has no arguments",
    repeats=True,
)
VARIANT = Column(
    "variant",
    pa.string(),
    "Name of the run without the model's arguments. Models are compared within a variant.",
    repeats=True,
)
GROUPS = Column("groups", TEXTS, "Groups that contain the run: HELM's run groups, or lm-eval's groups of tasks.")
ADAPTER_METHOD = Column(
    "adapter_method",
    pa.string(),
    "Method that turns instances into prompts: generation, multiple_choice_joint and others.",
    null_when="the source states no method",
    repeats=True,
)

SOURCE_URL = Column(
    "source_url",
    pa.string(),
    "Place of the run's files: for helm, the URL of the run's folder in the public bucket; for eval_harness and "
    "inspect, a path below the root.",
    repeats=True,
)


IS_COMPLETE = Column(
    "is_complete",
    pa.bool_(),
    "True if all files and rows that the run's scores are computed from could be read. False if some could not, or if "
    "the run's own counts or hashes say that rows are missing; then no score is computed from the rows that are left.",
    before=True,
)
N_REJECTED = Column(
    "n_rejected", pa.int64(), "Number of the run's files and rows that could not be read.", minimum=0, before=0
)
UNSCORED_REASON = Column(
    "unscored_reason",
    pa.string(),
    "Reason why the score is not computed from the run's outputs although outputs were read, for example that rows are "
    "missing or that values are not finite.",
    null_when="nothing prevents the score, or no output has a value",
    repeats=True,
)
JUDGES = Column(
    "judges",
    TEXTS,
    "Names of the models or people that judged the outputs of the run, sorted: of the models where the run's "
    "specification states them, else as judgements names the judge.",
    null_when="nobody judged the outputs",
)
RUN_SETTINGS = (
    Column("temperature", pa.float64(), "Sampling temperature of the model.", null_when="the run does not state it"),
    Column(
        "max_tokens",
        pa.int64(),
        "Largest number of tokens that the model may generate.",
        null_when="the run does not state it",
        unit="tokens",
    ),
    Column("num_outputs", pa.int64(), "Number of completions for each prompt.", null_when="the run does not state it"),
    Column(
        "n_in_context_examples",
        pa.int64(),
        "Largest number of solved examples in a prompt.",
        null_when="the run does not state it",
        minimum=0,
    ),
)
"""Settings of the run that change its scores."""


def optional(column: Column, null_when: str) -> Column:
    """Return `column` for a table in which the column may be null."""
    return replace(column, null_when=null_when)
