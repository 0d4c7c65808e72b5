"""What a record says of the model: its name, who serves it, and whether its weights are open.

Only what the source states, or what follows from the name of the program or provider that served the model.
"""

from typing import Any, Final

from every_eval.export.eee.identifiers import NO_DEVELOPER, model_id
from every_eval.export.eee.json_text import text_map
from every_eval.sources.helm.schema import SchemaModel

UNKNOWN: Final = "unknown"
_SELF_DEPLOYED: Final = frozenset(
    {"gguf", "ggml", "hf", "hf-auto", "hf-causal", "hf-multimodal", "huggingface", "llama-cpp-python", "mamba_ssm"}
    | {"nemo_lm", "neuronx", "openvino", "optimum", "sglang", "transformer_lens", "vllm", "vllm-vlm"}
)
"""Programs that run a model on one's own machine, as HELM, lm-eval and Inspect name them."""
_MANAGED: Final = frozenset(
    {"ai21", "aleph-alpha", "aleph_alpha", "amazon", "anthropic", "anthropic-chat", "anthropic-chat-completions"}
    | {"anthropic-completions", "azure", "azureai", "bedrock", "cerebras", "cloudflare", "cohere", "deepinfra"}
    | {"deepseek", "deepseek-ai", "fireworks", "google", "google-vertex", "grok", "groq", "mistral", "mistralai"}
    | {"openai", "openai-chat-completions", "openai-completions", "openrouter", "palmyra", "perplexity", "reka"}
    | {"sambanova", "together", "upstage", "vertex", "vertexai", "watsonx", "writer", "xai"}
)
"""Services that run a model for their customers, as HELM, lm-eval and Inspect name them."""
_AVAILABILITY: Final = {"open": "open_weights", "limited": "closed_weights", "closed": "closed_weights"}
"""Words of HELM's schema.json for the access to a model, in the words of Every Eval Ever's schema."""


def model_info(name: str, deployment: str | None, stated: SchemaModel | None) -> dict[str, Any]:
    """Return the object `model_info` of a record.

    Args:
        name: Name of the model, as the source writes it.
        deployment: Deployment of the model, as the source writes it; null if it states none.
        stated: What the release says of the model; null if it says nothing.
    """
    served_by = server(deployment)
    model = model_id(name)
    info: dict[str, Any] = {
        "name": name,
        "id": model,
        "developer": (stated and stated.creator_organization) or _creator(model),
        "additional_details": text_map(
            {
                "deployment_type": deployment_type(served_by),
                "model_availability": _AVAILABILITY.get((stated and stated.access) or "", UNKNOWN),
                "model_deployment": deployment,
                "display_name": stated and stated.display_name,
                "release_date": stated and stated.release_date,
                "num_parameters": stated and stated.n_parameters,
            }
        ),
    }
    if served_by in _MANAGED:
        info["inference_platform"] = served_by
    elif served_by in _SELF_DEPLOYED:
        info["inference_engine"] = {"name": served_by}
    return info


def server(deployment: str | None) -> str | None:
    """Return the program or service in the name of a deployment: `together` of `together/yi-34b`, `hf` of `hf(…)`."""
    return deployment and deployment.split("(")[0].split("/")[0]


def deployment_type(served_by: str | None) -> str:
    """Return who controlled the deployment, in the words of the schema."""
    if served_by in _SELF_DEPLOYED:
        return "self_deployed"
    return "externally_managed" if served_by in _MANAGED else UNKNOWN


def _creator(model: str) -> str:
    creator, slash, _ = model.partition("/")
    return creator if slash else NO_DEVELOPER
