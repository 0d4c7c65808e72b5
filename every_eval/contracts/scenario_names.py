"""Common names of scenarios: the name by which people know a data set that each source calls by its own name.

A name is listed only where the source itself says which data set the scenario or task is:

- helm: the display names in HELM's schemas, such as schema_lite.yaml, where `gsm` is "GSM8K (Grade School Math)"
  (https://github.com/stanford-crfm/helm/tree/main/src/helm/benchmark/static);
- eval_harness: the folder of the task, and the README there
  (https://github.com/EleutherAI/lm-evaluation-harness/tree/main/lm_eval/tasks).

A scenario that is not listed keeps its own name. The common name joins no rows: runs with one common name can differ in
prompts, splits and metrics.
"""

from collections.abc import Mapping
from typing import Final

MMLU_SUBJECTS: Final = (
    *("abstract_algebra", "anatomy", "astronomy", "business_ethics", "clinical_knowledge", "college_biology"),
    *("college_chemistry", "college_computer_science", "college_mathematics", "college_medicine", "college_physics"),
    *("computer_security", "conceptual_physics", "econometrics", "electrical_engineering", "elementary_mathematics"),
    *("formal_logic", "global_facts", "high_school_biology", "high_school_chemistry", "high_school_computer_science"),
    *("high_school_european_history", "high_school_geography", "high_school_government_and_politics"),
    *("high_school_macroeconomics", "high_school_mathematics", "high_school_microeconomics", "high_school_physics"),
    *("high_school_psychology", "high_school_statistics", "high_school_us_history", "high_school_world_history"),
    *("human_aging", "human_sexuality", "international_law", "jurisprudence", "logical_fallacies", "machine_learning"),
    *("management", "marketing", "medical_genetics", "miscellaneous", "moral_disputes", "moral_scenarios", "nutrition"),
    *("philosophy", "prehistory", "professional_accounting", "professional_law", "professional_medicine"),
    *("professional_psychology", "public_relations", "security_studies", "sociology", "us_foreign_policy", "virology"),
    "world_religions",
)
"""Subjects of MMLU (Hendrycks et al., 2021), each of which is a task of lm-evaluation-harness."""

COMMON_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "helm": {
        "MATH": "math",
        "SimpleSafetyTests": "simple_safety_tests",
        "WMT_14": "wmt14",
        "babi_qa": "babi",
        "civil_comments": "civilcomments",
        "gsm": "gsm8k",
        "harm_bench": "harmbench",
        "lsat_qa": "lsat",
        "med_mcqa": "medmcqa",
        "med_qa": "medqa",
        "narrative_qa": "narrativeqa",
        "natural_qa": "natural_questions",
        "pubmed_qa": "pubmedqa",
        "truthful_qa": "truthfulqa",
    },
    "eval_harness": {
        **dict.fromkeys(("gsm8k_cot", "gsm8k_cot_llama", "gsm8k_cot_self_consistency", "gsm8k_cot_zeroshot"), "gsm8k"),
        **dict.fromkeys(("hendrycks_math", "minerva_math"), "math"),
        "medqa_4options": "medqa",
        **dict.fromkeys(("mmlu_humanities", "mmlu_other", "mmlu_social_sciences", "mmlu_stem"), "mmlu"),
        **{f"mmlu_{subject}": "mmlu" for subject in MMLU_SUBJECTS},
        "nq_open": "natural_questions",
        **dict.fromkeys(("truthfulqa_gen", "truthfulqa_mc1", "truthfulqa_mc2"), "truthfulqa"),
    },
}
"""Common names by source and by the source's own name, in lower case."""


def common_name(source: str, dataset_name: str | None) -> str | None:
    """Return the common name of a source's scenario or task; null if the run does not state the scenario."""
    return None if dataset_name is None else COMMON_NAMES.get(source, {}).get(dataset_name, dataset_name)
