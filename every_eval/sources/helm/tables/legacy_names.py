"""Names of run groups, metrics and perturbations in the tables of HELM 0.2.4 and 0.3.0, which have no schema.json.

They come from `static/schema.yaml` of both versions, where the two agree: the Chinese scenarios of 0.3.0 are left out.
"""

from every_eval.sources.helm.tables.pooling import Matcher

_ON_VALID = {
    "BoolQ": "boolq",
    "Disinformation (reiteration)": "disinformation_reiteration",
    "Disinformation (wedging)": "disinformation_wedging",
    "HellaSwag": "hellaswag",
    "IMDB": "imdb",
    "MS MARCO (TREC)": "msmarco_trec",
    "MS MARCO (regular)": "msmarco_regular",
    "NaturalQuestions (closed-book)": "natural_qa_closedbook",
    "NaturalQuestions (open-book)": "natural_qa_openbook_longans",
    "QuAC": "quac",
    "TruthfulQA": "truthful_qa",
}
_ON_TEST = {
    "APPS (Code)": "code_apps",
    "BBQ": "bbq",
    "BLiMP": "blimp",
    "BOLD": "bold",
    "BillSum": "billsum_legal_summarization",
    "CNN/DailyMail": "summarization_cnndm",
    "CivilComments": "civil_comments",
    "Copyright (code)": "copyright_code",
    "Copyright (text)": "copyright_text",
    "Data imputation": "entity_data_imputation",
    "Dyck": "dyck_language",
    "Entity matching": "entity_matching",
    "EurLexSum": "eurlexsum_legal_summarization",
    "GSM8K": "gsm",
    "HumanEval (Code)": "code_humaneval",
    "ICE": "ice",
    "LEXTREME": "lextreme",
    "LSAT": "lsat_qa",
    "LegalSupport": "legal_support",
    "LexGLUE": "lex_glue",
    "MATH": "math_regular",
    "MATH (chain-of-thoughts)": "math_chain_of_thought",
    "MMLU": "mmlu",
    "MultiLexSum": "multilexsum_legal_summarization",
    "NarrativeQA": "narrative_qa",
    "Numerical reasoning": "numeracy",
    "OpenbookQA": "openbookqa",
    "RAFT": "raft",
    "RealToxicityPrompts": "real_toxicity_prompts",
    "Synthetic efficiency": "synthetic_efficiency",
    "Synthetic reasoning (abstract symbols)": "synthetic_reasoning",
    "Synthetic reasoning (natural language)": "synthetic_reasoning_natural",
    "The Pile": "the_pile",
    "TwitterAAE": "twitter_aae",
    "TwitterAAE (AA)": "twitter_aae_aa",
    "TwitterAAE (white)": "twitter_aae_white",
    "WikiFact": "wikifact",
    "XSUM": "summarization_xsum",
    "bAbI": "babi_qa",
}
_RUN_GROUPS = {label: (name, "test") for label, name in _ON_TEST.items()} | {
    label: (name, "valid") for label, name in _ON_VALID.items()
}
"""Name and main split of each run group that has a main split, by its label."""

_METRICS = {
    "# eval": "num_instances",
    "# output tokens": "num_output_tokens",
    "# prompt tokens": "num_prompt_tokens",
    "# train": "num_train_instances",
    "# trials": "num_train_trials",
    "1-bin expected calibration error": "ece_1_bin",
    "1-bin expected calibration error (after Platt scaling)": "platt_ece_1_bin",
    "10-bin Expected Calibration Error (after Platt scaling)": "platt_ece_10_bin",
    "10-bin expected calibration error": "ece_10_bin",
    "Absolute difference": "absolute_value_difference",
    "Accuracy at 10% coverage": "selective_acc@10",
    "Avg. # tests passed": "test_avg",
    "BBQ (ambiguous)": "bbq_metric_ambiguous_bias",
    "BBQ (unambiguous)": "bbq_metric_unambiguous_bias",
    "BERTScore (F1)": "BERTScore-F",
    "Bits/byte": "bits_per_byte",
    "Compression": "summarization_compression",
    "Coverage": "summarization_coverage",
    "Demographic representation (gender)": "bias_metric:mode=representation,demographic_category=gender",
    "Demographic representation (race)": "bias_metric:mode=representation,demographic_category=race",
    "Denoised inference runtime (s)": "inference_denoised_runtime",
    "Density": "summarization_density",
    "Edit distance (Levenshtein)": "edit_distance",
    "Edit similarity (Levenshtein)": "edit_similarity",
    "Entropy (Monte Carlo)": "monte_carlo_entropy",
    "Equivalent": "math_equiv",
    "Equivalent (chain of thought)": "math_equiv_chain_of_thought",
    "Estimated training emissions (kg CO2)": "training_co2_cost",
    "Estimated training energy cost (MWh)": "training_energy_cost",
    "Exact match": "exact_match",
    "Exact match (up to specified indicator)": "exact_match_indicator",
    "F1": "f1_score",
    "F1 (set match)": "f1_set_match",
    "HumanEval-coherence": "HumanEval-coherence",
    "HumanEval-faithfulness": "HumanEval-faithfulness",
    "HumanEval-relevance": "HumanEval-relevance",
    "Idealized inference runtime (s)": "inference_idealized_runtime",
    "Longest common prefix length": "longest_common_prefix_length",
    "Macro-F1": "classification_macro_f1",
    "Max prob": "max_prob",
    "Micro-F1": "classification_micro_f1",
    "NDCG@10": "NDCG@10",
    "Observed inference runtime (s)": "inference_runtime",
    "Platt Scaling Coefficient": "platt_coef",
    "Platt Scaling Intercept": "platt_intercept",
    "QAFactEval": "QAFactEval",
    "Quasi-exact match": "quasi_exact_match",
    "ROUGE-2": "rouge_2",
    "RR@10": "RR@10",
    "Selective coverage-accuracy area": "selective_cov_acc_area",
    "Self-BLEU": "self_bleu",
    "Stereotypical associations (gender, profession)": (
        "bias_metric:mode=associations,demographic_category=gender,target_category=profession"
    ),
    "Stereotypical associations (race, profession)": (
        "bias_metric:mode=associations,demographic_category=race,target_category=profession"
    ),
    "Strict correctness": "strict_acc",
    "SummaC": "summac",
    "Toxic fraction": "toxic_frac",
    "pass@1": "pass",
    "truncated": "prompt_truncated",
}
METRIC_NAMES = frozenset(_METRICS.values())

_PERTURBATIONS = {
    None: None,
    "Dialect": "dialect",
    "Fairness": "fairness",
    "Gender": "gender",
    "Race": "race",
    "Robustness": "robustness",
    "Synonyms": "synonym",
    "Typos": "typos",
}


def run_group(label: str | None) -> str | None:
    """Return the run group that tables call `label`; null if the label is unknown."""
    return _RUN_GROUPS[label][0] if label in _RUN_GROUPS else None


def matcher(label: str | None, metric_title: str | None, perturbation: str | None) -> Matcher | None:
    """Return the statistic that a column shows; null if one of the labels is unknown.

    Every metric is shown on the main split of its run group.

    Args:
        label: Label of the run group.
        metric_title: Full name of the metric.
        perturbation: Label of the perturbation.
    """
    if label not in _RUN_GROUPS or metric_title not in _METRICS or perturbation not in _PERTURBATIONS:
        return None
    return Matcher(_METRICS[metric_title], _RUN_GROUPS[label][1], _PERTURBATIONS[perturbation])
