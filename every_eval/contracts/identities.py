"""identities: the names of models and scenarios in all sources, and what joins them."""

import pyarrow as pa

from every_eval.contracts.model_names import DECLARED_REPO
from every_eval.contracts.table import Column, Table

MODEL = "model"
SCENARIO = "scenario"

CREATOR_AND_NAME = "creator_and_name"
COMMON_NAME = "common_name"
OWN_NAME = "own_name"

DECLARED = "declared"
EQUAL_NAMES = "equal_names"
NONE = "none"

IDENTITIES = Table(
    name="identities",
    doc=(
        "One row per name of a model or scenario in the newest releases of a source, with the identity that joins "
        "equal things across sources, the rule that gave it, and the entry of evaleval's registry for the name. Only "
        "rules give an identity: the registry's answers can change, so they stand beside it."
    ),
    columns=(
        Column("kind", pa.string(), f"What the name is of: {MODEL} or {SCENARIO}.", repeats=True),
        Column("source", pa.string(), "Source that uses the name: helm, eval_harness or inspect.", repeats=True),
        Column(
            "source_name", pa.string(), "Name as the source writes it: model_name or dataset_name of the other tables."
        ),
        Column(
            "identity",
            pa.string(),
            "Identity of the model or scenario. Names with one kind and one identity are the same thing, as far as the "
            "rule goes. A name that no rule joins has the source in front.",
        ),
        Column(
            "rule",
            pa.string(),
            f"Rule that gave the identity: {CREATOR_AND_NAME}, the model's creator/name in lower case; "
            f"{DECLARED_REPO}, the repo of the Hugging Face Hub from which HELM declares to load the model of this "
            f"name, in lower case (contracts/model_names.py); {COMMON_NAME}, "
            "the list of common names that every_eval has (contracts/scenario_names.py), or the scenario's own name "
            f"where the list has none; {OWN_NAME}, nothing joins the name, because it has no creator, or states a "
            "revision (@) or an adapter (+).",
            repeats=True,
        ),
        Column(
            "confidence",
            pa.string(),
            f"What the rule rests on: {DECLARED}, the source itself or the list of names says what the name means; "
            f"{EQUAL_NAMES}, names that are equal but for upper and lower case; {NONE}, no other name is joined.",
            repeats=True,
        ),
        Column(
            "hugging_face_id",
            pa.string(),
            "Name of the model on the Hugging Face Hub, without revision and adapter: the one that lm-eval or Inspect "
            "loaded, or that HELM declares to load (contracts/model_names.py).",
            null_when="the source does not state the name there, as for models behind an API, or the name is of a "
            "scenario",
        ),
        Column(
            "registry_id",
            pa.string(),
            "Identifier of the name in evaleval's registry, looked up exactly as the source writes the name.",
            null_when="no registry was read (EVERY_EVAL_REGISTRY), or it does not have the name, or has it for several "
            "things",
        ),
        Column(
            "registry_strategy",
            pa.string(),
            "Strategy by which the registry's entry was made.",
            null_when="registry_id is null, or the entry does not say",
            repeats=True,
        ),
        Column(
            "registry_status",
            pa.string(),
            "Status of the registry's entry, such as its review.",
            null_when="registry_id is null, or the entry does not say",
            repeats=True,
        ),
        Column(
            "registry_confidence",
            pa.float64(),
            "Confidence of the registry's entry, as the registry states it.",
            null_when="registry_id is null, or the entry does not say",
        ),
    ),
    key=("kind", "source", "source_name"),
)
