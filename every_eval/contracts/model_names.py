"""Names of models across sources: what joins them, and the repos of the Hugging Face Hub that HELM loads them from.

A repo is listed only where HELM itself says so: a deployment of the model in HELM's model_deployments.yaml, of
crfm-helm 0.5.16, has a client that loads the model's weights from the Hub. The client loads the repo in
`pretrained_model_name_or_path` or, without it, the repo of the model's own name
(https://github.com/stanford-crfm/helm/blob/main/src/helm/clients/huggingface_client.py).

Not used, because they do not say which weights a model has: names at other providers, such as Together's; the repos of
tokenizers, which models share and which others have copied; links in descriptions. A repo that HELM gives for two
models, as for sambanova/sambalingo-thai-base and sambanova/sambalingo-thai-chat, is not listed either.
"""

from collections.abc import Mapping
from typing import Final

DECLARED_REPO: Final = "declared_repo"
"""Rule that joins a model's name in HELM with the repo that HELM declares to load it from."""

_NAMED_AS_ON_HUB: Final = (
    *("22h/cabrita_7b_pt_850000", "aisingapore/gemma2-9b-cpt-sea-lionv3-base"),
    *("aisingapore/gemma2-9b-cpt-sea-lionv3-instruct", "aisingapore/llama3-8b-cpt-sea-lionv2-base"),
    *("aisingapore/llama3-8b-cpt-sea-lionv2.1-instruct", "aisingapore/llama3.1-70b-cpt-sea-lionv3-base"),
    *("aisingapore/llama3.1-70b-cpt-sea-lionv3-instruct", "aisingapore/llama3.1-8b-cpt-sea-lionv3-base"),
    *("aisingapore/llama3.1-8b-cpt-sea-lionv3-instruct", "aisingapore/sea-lion-7b"),
    *("aisingapore/sea-lion-7b-instruct", "allam-ai/allam-7b-instruct-preview"),
    *("allenai/olmo-2-0325-32b-instruct", "allenai/olmo-2-1124-13b-instruct"),
    *("allenai/olmo-2-1124-7b-instruct", "allenai/olmoe-1b-7b-0125-instruct", "bigcode/santacoder"),
    *("bigcode/starcoder", "biomistral/biomistral-7b", "CEIA-UFG/Gemma-3-Gaia-PT-BR-4b-it"),
    *("databricks/dolly-v2-12b", "databricks/dolly-v2-3b", "databricks/dolly-v2-7b"),
    *("deepseek-ai/deepseek-coder-6.7b-instruct", "deepseek-ai/DeepSeek-R1-Distill-Llama-8B"),
    *("eleutherai/gpt-j-6b", "eleutherai/gpt-neox-20b", "eleutherai/pythia-12b-v0", "eleutherai/pythia-1b-v0"),
    *("eleutherai/pythia-2.8b-v0", "eleutherai/pythia-6.9b", "epfl-llm/meditron-7b"),
    *("freedomintelligence/acegpt-v2-32b-chat", "freedomintelligence/acegpt-v2-70b-chat"),
    *("freedomintelligence/acegpt-v2-8b-chat", "google/gemma-2-27b", "google/gemma-2-27b-it"),
    *("google/gemma-2-9b", "google/gemma-2-9b-it", "google/medgemma-4b-it"),
    *("ibm-granite/granite-3.0-1b-a400m-base", "ibm-granite/granite-3.0-1b-a400m-instruct"),
    *("ibm-granite/granite-3.0-2b-base", "ibm-granite/granite-3.0-2b-instruct"),
    *("ibm-granite/granite-3.0-3b-a800m-base", "ibm-granite/granite-3.0-3b-a800m-instruct"),
    *("ibm-granite/granite-3.0-8b-base", "ibm-granite/granite-3.0-8b-instruct"),
    *("ibm-granite/granite-3.1-1b-a400m-base", "ibm-granite/granite-3.1-1b-a400m-instruct"),
    *("ibm-granite/granite-3.1-2b-base", "ibm-granite/granite-3.1-2b-instruct"),
    *("ibm-granite/granite-3.1-3b-a800m-base", "ibm-granite/granite-3.1-3b-a800m-instruct"),
    *("ibm-granite/granite-3.1-8b-base", "ibm-granite/granite-3.1-8b-instruct"),
    *("inceptionai/jais-adapted-13b-chat", "inceptionai/jais-adapted-70b-chat"),
    *("inceptionai/jais-adapted-7b-chat", "inceptionai/jais-family-13b-chat"),
    *("inceptionai/jais-family-1p3b-chat", "inceptionai/jais-family-2p7b-chat"),
    *("inceptionai/jais-family-30b-16k-chat", "inceptionai/jais-family-30b-8k-chat"),
    *("inceptionai/jais-family-590m-chat", "inceptionai/jais-family-6p7b-chat", "lmsys/vicuna-13b-v1.3"),
    *("lmsys/vicuna-7b-v1.3", "marin-community/marin-8b-instruct", "maritaca-ai/sabia-7b"),
    *("microsoft/phi-3-medium-4k-instruct", "microsoft/phi-3-small-8k-instruct"),
    *("microsoft/phi-3.5-mini-instruct", "microsoft/phi-3.5-moe-instruct", "mosaicml/mpt-30b"),
    *("mosaicml/mpt-7b", "nectec/OpenThaiLLM-Prebuilt-7B", "nectec/Pathumma-llm-text-1.0.0"),
    *("nicholasKluge/TeenyTinyLlama-460m", "openthaigpt/openthaigpt-1.0.0-13b-chat"),
    *("openthaigpt/openthaigpt-1.0.0-70b-chat", "openthaigpt/openthaigpt-1.0.0-7b-chat"),
    *("PORTULAN/gervasio-7b-portuguese-ptbr-decoder", "recogna-nlp/bode-13b-alpaca-pt-br-no-peft"),
    *("sail/sailor-14b", "sail/sailor-14b-chat", "sail/sailor-7b", "sail/sailor-7b-chat"),
    *("scb10x/llama-3-typhoon-v1.5x-70b-instruct", "scb10x/llama-3-typhoon-v1.5x-8b-instruct"),
    *("scb10x/typhoon-7b", "scb10x/typhoon-v1.5-72b", "scb10x/typhoon-v1.5-72b-instruct"),
    *("scb10x/typhoon-v1.5-8b", "scb10x/typhoon-v1.5-8b-instruct", "silma-ai/silma-9b-instruct-v1.0"),
    *("stabilityai/stablelm-base-alpha-3b", "stabilityai/stablelm-base-alpha-7b"),
    *("tiiuae/falcon3-10b-instruct", "tiiuae/falcon3-1b-instruct", "tiiuae/falcon3-3b-instruct"),
    *("tiiuae/falcon3-7b-instruct", "TucanoBR/Tucano-2b4", "upstage/solar-pro-preview-instruct"),
    *("ura-hcmut/GemSUra-2B", "ura-hcmut/GemSUra-7B", "ura-hcmut/MixSUra", "ura-hcmut/ura-llama-13b"),
    *("ura-hcmut/ura-llama-2-8b", "ura-hcmut/ura-llama-2.1-8b", "ura-hcmut/ura-llama-70b"),
    *("ura-hcmut/ura-llama-7b", "Viet-Mistral/Vistral-7B-Chat", "vilm/Quyen-Mini-v0.1", "vilm/Quyen-Plus-v0.1"),
    *("vilm/Quyen-Pro-Max-v0.1", "vilm/Quyen-Pro-v0.1", "vilm/Quyen-SE-v0.1", "vilm/Quyen-v0.1"),
    *("vilm/vietcuna-3b-v2", "vilm/vietcuna-7b-v3", "vilm/vinallama-2.7b-chat", "vilm/vinallama-7b-chat"),
    *("vinai/PhoGPT-4B-Chat", "vinai/PhoGPT-7B5-Instruct"),
)
HUGGING_FACE_NAMES: Final[Mapping[str, str]] = {
    **{name: name for name in _NAMED_AS_ON_HUB},
    "allenai/olmo-1.7-7b": "allenai/OLMo-1.7-7B-hf",
    "cohere/command-a-03-2025": "CohereLabs/c4ai-command-a-03-2025",
    "damo/seallm-7b-v2": "SeaLLMs/SeaLLM-7B-v2",
    "damo/seallm-7b-v2.5": "SeaLLMs/SeaLLM-7B-v2.5",
    "huggingface/smollm2-1.7b": "HuggingFaceTB/SmolLM2-1.7B",
    "huggingface/smollm2-1.7b-instruct": "HuggingFaceTB/SmolLM2-1.7B-Instruct",
    "huggingface/smollm2-135m": "HuggingFaceTB/SmolLM2-135M",
    "huggingface/smollm2-135m-instruct": "HuggingFaceTB/SmolLM2-135M-Instruct",
    "huggingface/smollm2-360m": "HuggingFaceTB/SmolLM2-360M",
    "huggingface/smollm2-360m-instruct": "HuggingFaceTB/SmolLM2-360M-Instruct",
    "ibm/granite-4.0-h-small": "ibm-granite/granite-4.0-h-small",
    "ibm/granite-4.0-micro": "ibm-granite/granite-4.0-micro",
    "meta/llama-3.1-8b-instruct": "meta-llama/Llama-3.1-8B-Instruct",
    "meta/llama-3.2-1b-instruct": "meta-llama/Llama-3.2-1B-Instruct",
    "meta/opt-1.3b": "facebook/opt-1.3b",
    "meta/opt-175b": "facebook/opt-175b",
    "meta/opt-6.7b": "facebook/opt-6.7b",
    "meta/opt-66b": "facebook/opt-66b",
    "mistralai/mistral-7b-instruct-v0.3-hf": "mistralai/Mistral-7B-Instruct-v0.3",
    "mosaicml/mpt-instruct-30b": "mosaicml/mpt-30b-instruct",
    "mosaicml/mpt-instruct-7b": "mosaicml/mpt-7b-instruct",
    "openai/gpt2": "openai-community/gpt2",
    "qwen/qwen2.5-7b-instruct": "Qwen/Qwen2.5-7B-Instruct",
}
"""Repo on the Hugging Face Hub that HELM loads a model from, by HELM's name of the model."""

_OTHER_NAMES: Final = {
    name.casefold(): repo.casefold() for name, repo in HUGGING_FACE_NAMES.items() if name.casefold() != repo.casefold()
}


def model_id(name: str | None) -> str | None:
    """Return the identity of a model: its creator/name in lower case, or the repo that HELM declares for that name.

    Null if the name has no creator, or states a revision or adapter.
    """
    plain = _plain(name)
    return plain and _OTHER_NAMES.get(plain, plain)


def has_declared_repo(name: str) -> bool:
    """Tell whether the model's identity is the repo that HELM declares for a model of another name."""
    return _plain(name) in _OTHER_NAMES


def _plain(name: str | None) -> str | None:
    creator, slash, model = (name or "").partition("/")
    is_plain = bool(creator and slash and model) and not any(mark in model for mark in "/@+")
    return f"{creator}/{model}".casefold() if is_plain else None
