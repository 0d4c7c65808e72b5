"""Decide which arguments of an evaluation are published: those whose names are known to describe the model.

Arguments of a model can hold credentials: headers, tokens, keys, a user name and a password within a URL. A list of
forbidden names never ends, so that this module has a list of permitted names. Of all other arguments only the names
are published. The value of a permitted name is withheld too if it is an address or has the form of a credential, and a
path on somebody's machine is reduced to the name of its last folder or file.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from every_eval.contracts.canonical import canonical_json
from every_eval.network.redaction import REDACTED, redact

_MODEL: Final = (
    "adapter_name_or_path architecture arch attn_implementation autogptq awq backend base_model checkpoint_revision "
    "config_name cpu_offload delta delta_path dtype engine gguf_file gptqmodel kv_cache_dtype lora_rank max_lora_rank "
    "mixed_precision_dtype mode model model_format model_impl model_name model_revision model_sha model_type "
    "model_version name num_parameters path peft precision prefix_token_id pretrained quantization quantized "
    "quant_method revision subfolder tokenizer tokenizer_backend tokenizer_mode tokenizer_revision torch_dtype "
    "transformers_version trust_remote_code type use_fast_tokenizer use_fast use_rslora variant version weights_dtype"
)
_QUANTIZATION: Final = (
    "bits bnb_4bit_compute_dtype bnb_4bit_quant_storage bnb_4bit_quant_type bnb_4bit_use_double_quant desc_act "
    "group_size llm_int8_enable_fp32_cpu_offload llm_int8_has_fp16_weight llm_int8_skip_modules llm_int8_threshold "
    "load_in_4bit load_in_8bit quantization_config quantize sym zero_point"
)
_PARALLELISM: Final = (
    "batch_size batch_sizes block_size data_parallel_size device device_map device_map_option devices disable_graph "
    "distributed_executor_backend dp_size enable_expert_parallel enable_prefix_caching enforce_eager "
    "expert_parallel_size gpu_memory_utilization gpus low_cpu_mem_usage max_batch_size max_cpu_memory max_memory "
    "max_memory_per_gpu max_num_batched_tokens max_num_seqs mem_fraction_static model_parallel_size num_concurrent "
    "num_gpus num_nodes num_workers parallelize phi_kernel pipe_parallel_size pipeline_parallel_size pp_size "
    "swap_space tensor_parallel_size tp_degree tp_size use_accelerate world_size"
)
_CONTEXT: Final = (
    "add_bos_token attention_mask_mode context_length ctx_len max_context_len max_ctx max_images max_input_length "
    "max_len max_length max_model_len max_position_embeddings n_ctx padding_side rope_scaling rope_theta "
    "rope_type original_max_position_embeddings factor seq_len seq_length seqlen sliding_window truncation "
    "truncation_side truncate_strategy"
)
_CHAT: Final = (
    "apply_chat_template chat_template chat_template_args enable_thinking fewshot_as_multiturn "
    "image_string interleave reasoning_effort reasoning_parser system_instruction think_end_token think_start_token "
    "thinking thinking_budget tokenized_requests"
)
_GENERATION: Final = (
    "best_of do_sample early_stopping frequency_penalty greedy ignore_eos length_penalty logits_all logprobs "
    "max_completion_tokens max_gen_tokens max_gen_toks max_new_tokens max_tokens min_length min_new_tokens min_p "
    "min_tokens n no_repeat_ngram_size num_beams num_return_sequences presence_penalty repetition_penalty seed "
    "skip_special_tokens softmax_dtype spaces_between_special_tokens stop stop_sequences temperature top_k top_p "
    "typical_p until use_cache"
)
_CLIENT: Final = (
    "backoff_factor custom_prefix_token_id echo eos_string eot_token_id force_download max_retries retries "
    "revision_date timeout truncate verify_certificate"
)


def names_in(*texts: str) -> frozenset[str]:
    """Return the words of some texts: a list of names that is short to write."""
    return frozenset(" ".join(texts).split())


DESCRIBING: Final = names_in(_MODEL, _QUANTIZATION, _PARALLELISM, _CONTEXT, _CHAT, _GENERATION, _CLIENT)
"""Names of arguments that describe a model, how it runs, and how it generates."""

_PROSE: Final = frozenset(
    {
        "eos_string",
        "image_string",
        "stop",
        "stop_sequences",
        "system_instruction",
        "think_end_token",
        "think_start_token",
        "until",
    }
)
"""Arguments whose values are texts of prompts and answers: a dot or a slash in them begins no path."""
_NEVER_DISTINGUISH: Final = frozenset(
    {"api_key", "auth_token", "hf_token", "openai_api_key", "password", "secret", "token", "use_auth_token"}
)
"""Arguments that only admit to a model: two evaluations that differ in them are of the same model."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")
_CREDENTIAL: Final = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai)[-_][A-Za-z0-9_-]{12,}|\b(?:nvapi|glpat|ghp|gho|ghs|github_pat|xox[abprs])[-_][\w-]{6,}"
    r"|\bhf_[A-Za-z0-9]{8,}|\bA(?:KIA|SIA)[A-Z0-9]{12,}|\bAIza[\w-]{20,}|\beyJ[\w-]{10,}\."
    r"|\b[Bb]asic [A-Za-z0-9+/]{8,}=|-----BEGIN"
)
"""Forms of keys that their issuers document: OpenAI, Groq, NVIDIA, GitLab, GitHub, Slack, Hugging Face, AWS, Google,
JSON Web Tokens, PEM."""
_SCHEME: Final = re.compile(r"\b(?:basic|bearer|token)\s", re.IGNORECASE)
"""Beginning of a header that authorises, which no value of an argument is; prompts may have these words."""
_CREDENTIAL_NAME: Final = re.compile(
    r".*(?:api_?key|secret|password|passwd|authorization|credentials?)|(?:.*_)?(?:headers?|cookies?|environ|env|auth)"
    r"|(?:(?:access|api|auth|bearer|hf|refresh|session|use_auth)_)?token",
    re.IGNORECASE,
)
"""Names of fields that hold credentials; `eos_token` and `max_tokens` are none."""
_FOLDER: Final = re.compile(r"(?:[/\\~.$]|[A-Za-z]:[/\\]).*|[^/]*/[^/]*[/\\].+", re.DOTALL)
"""Form of a path: it begins with a root, a dot or a tilde, or has two slashes, where a name of the Hub has one."""
_UNNAMED: Final = "(unnamed)"
LEFT_OUT: Final = "…"
"""Stands in a public name for a part that is not published."""
_SLASH: Final = "__"
"""What lm-eval writes for a slash in the names of files and folders."""
_USER_INFO: Final = re.compile(r"[^\s/:@]+:[^\s/@]+@\S+")
"""User name and password before the name of a host, without a scheme."""


@dataclass(frozen=True)
class Arguments:
    """Arguments of an evaluation, as they may be published."""

    shown: Mapping[str, Any]
    """Arguments that describe the model, in their order."""
    withheld: tuple[str, ...] = ()
    """Names of all other arguments, sorted."""
    distinction: str = ""
    """The withheld values that tell models apart, as text to compare; never published."""


def public_arguments(stated: Any, permitted: frozenset[str] = DESCRIBING) -> Arguments:  # noqa: ANN401 - any JSON value
    """Return the arguments that may be published; `stated` is a mapping, or the text `a=b,c=d` of a command line."""
    pairs = split_text(stated) if isinstance(stated, str) else list(stated.items()) if isinstance(stated, dict) else []
    shown: dict[str, Any] = {}
    withheld: set[str] = set()
    distinction: list[list[Any]] = []
    for key, value in pairs:
        public, hidden = _public_argument(key, value, permitted)
        withheld.update(hidden)
        if key not in hidden and _UNNAMED not in hidden:
            shown[key] = public
        is_reduced = public != value and type(public) is type(value)
        if (hidden or is_reduced) and key not in _NEVER_DISTINGUISH:
            distinction.append([str(key), value])
    return Arguments(
        shown, tuple(sorted(withheld)), canonical_json(sorted(distinction, key=repr)) if distinction else ""
    )


def public_text(value: str) -> str | None:
    """Return a text as it may be published: of a path only the last part; null for an address or a credential."""
    if "://" in value or "=" in value or _SCHEME.search(value) or _USER_INFO.search(value) or redacted(value) != value:
        return None
    if _FOLDER.fullmatch(value):
        return re.split(r"[/\\]", value.rstrip("/\\"))[-1].lstrip("~$.") or None
    return value


def public_name(name: str) -> str:
    """Return the name of a file or folder, without its extension, as it may be published.

    lm-eval makes such names of a model's arguments (`pretrained=a__b,token=c`, in some versions `pretrained__a__b`) or
    of the model's path (`__data__ckpts__llama`). The names of withheld arguments and the last part of a path stay.
    """
    parts = name.split(",")
    pairs = [_argument_in_name(part) for part in parts]
    if any(pairs):
        shown = [_public_part(*pair) if pair else LEFT_OUT for pair in pairs]
        return ",".join(text for text, before in zip(shown, [None, *shown], strict=False) if text != before)
    return _public_value(name)


def _argument_in_name(part: str) -> tuple[str, str, str] | None:
    """Split an argument in a file's name into its name, what separates it, and its value; null if it is none."""
    for separator in ("=", _SLASH):
        name, found, value = part.partition(separator)
        is_argument = separator == "=" or name in DESCRIBING or _CREDENTIAL_NAME.fullmatch(name)
        if found and is_argument and _NAME.fullmatch(name):
            return name, separator, value
    return None


def _public_part(name: str, separator: str, value: str) -> str:
    return f"{name}{separator}{_public_value(value) if name in DESCRIBING else LEFT_OUT}"


def _public_value(name: str) -> str:
    path = name.replace(_SLASH, "/")
    if redacted(path) != path or _USER_INFO.search(path) or "=" in path:
        return LEFT_OUT
    if path[:1] in ("/", "~", ".") or path.count("/") > 1:
        return f"{LEFT_OUT}{_SLASH}{path.rstrip('/').rpartition('/')[2]}" if "/" in path else name
    return name


def redacted(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value, such as a prompt, with the credentials in its texts replaced by a mark."""
    if isinstance(value, str):
        return _CREDENTIAL.sub(REDACTED, redact(value))
    if isinstance(value, list):
        return [redacted(item) for item in value]
    return {redacted(key): redacted(item) for key, item in value.items()} if isinstance(value, dict) else value


def without_credentials(text: str) -> str:
    """Return JSON without credentials; unchanged, to the byte, if there are none.

    For specifications whose fields the source itself defines, such as HELM's run_spec.json: values under the names of
    credentials are withheld, and credentials within texts.
    """
    stated = msgspec.json.decode(text)
    shown = redacted(_without_named(stated))
    return text if shown == stated else msgspec.json.encode(shown).decode()


def _without_named(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, list):
        return [_without_named(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: REDACTED if item is not None and _CREDENTIAL_NAME.fullmatch(key) else _without_named(item)
        for key, item in value.items()
    }


def split_text(text: str) -> list[tuple[str, str]]:
    """Split the text `a=b,c=d` of a command line at commas that are neither in brackets nor in quotation marks.

    A part that is not of the form `name=value` continues the value before it, for example the rest of a token.
    """
    pairs: list[tuple[str, str]] = []
    for part in _parts(text):
        name, equals, value = part.partition("=")
        # The padding of a base64 text, as in `token=a,b==`, is no value.
        if equals and _NAME.fullmatch(name.strip()) and (name.strip() in DESCRIBING or value.strip("=")):
            pairs.append((name.strip(), value))
        elif part.strip():
            before = pairs.pop() if pairs else ("", "")
            pairs.append((before[0], f"{before[1]},{part}"))
    return pairs


def _parts(text: str) -> list[str]:
    depth, quote, start = 0, "", 0
    parts: list[str] = []
    for at, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "[{(":
            depth += 1
        elif character in ")}]":
            depth -= 1
        elif character == "," and depth <= 0:
            parts.append(text[start:at])
            start = at + 1
    return text.split(",") if quote or depth > 0 else [*parts, text[start:]]


def _public_argument(key: Any, value: Any, permitted: frozenset[str]) -> tuple[Any, list[str]]:  # noqa: ANN401
    """Return what may be published of an argument's value, and the names that are withheld.

    An argument without a value is shown, whatever its name.
    """
    if not _is_name(key):
        return None, [_UNNAMED]
    if value is None:
        return None, []
    if key not in permitted:
        return None, [key]
    if key in _PROSE:
        return redacted(value), []
    public, inner = _public(value, permitted)
    return public, [f"{key}.{name}" if name else key for name in inner]


def _is_name(key: Any) -> bool:  # noqa: ANN401 - any key
    """Tell whether a key has the form of an argument's name: a mapping can have a credential as its key."""
    return isinstance(key, str) and bool(_NAME.fullmatch(key)) and not _CREDENTIAL.search(key)


def _public(value: Any, permitted: frozenset[str]) -> tuple[Any, list[str]]:  # noqa: ANN401 - any JSON value
    """Return what may be published of a permitted argument's value, and the names within it that are withheld.

    The name is empty if nothing of the value is published.
    """
    if isinstance(value, str):
        return _public_text(value, permitted)
    if isinstance(value, dict):
        inner = public_arguments(value, permitted)
        return dict(inner.shown), list(inner.withheld)
    if isinstance(value, list):
        items = [_public(item, permitted) for item in value]
        return [item for item, names in items if "" not in names], [name for _, names in items for name in names]
    return value, []


def _public_text(value: str, permitted: frozenset[str]) -> tuple[Any, list[str]]:
    """Do what `_public` does for a text, which can be the JSON of an object or of a list."""
    if value.lstrip()[:1] in ("{", "["):
        try:
            return _public(msgspec.json.decode(value), permitted)
        except msgspec.DecodeError:
            return None, [""]
    text = public_text(value)
    return text, [] if text is not None else [""]
