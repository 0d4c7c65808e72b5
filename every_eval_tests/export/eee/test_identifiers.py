import hashlib
import uuid

import pytest

from every_eval.export.eee.identifiers import NO_DEVELOPER, RunIdentity, model_folder, model_id

RUN = RunIdentity("helm", "lite", "v1.0.0", "gsm:model=a_b")


def test_the_uuid_is_a_digest_of_the_run_with_the_bits_of_version_4() -> None:
    digest = hashlib.sha256(b'["helm","lite","v1.0.0","gsm:model=a_b"]').hexdigest()
    found = uuid.UUID(RUN.uuid)
    # RFC 9562: version 4 fixes the 13th hexadecimal digit, variant 10 the first two bits of the 17th.
    assert (found.version, found.variant) == (4, uuid.RFC_4122)
    assert found.hex[:12] + found.hex[13:16] + found.hex[17:] == digest[:12] + digest[13:16] + digest[17:32]


def test_runs_whose_parts_join_to_the_same_text_are_different_records() -> None:
    one, other = RunIdentity("inspect", "b", "x/y", "z"), RunIdentity("inspect", "b", "x", "y/z")
    assert one.evaluation_id == other.evaluation_id
    assert one.uuid != other.uuid


def test_a_result_is_identified_by_its_whole_statistic() -> None:
    base = ("exact_match", "test", None, None, None)
    others = [("exact_match", "test", None, None, "worst"), ("exact_match", None, "test", None, None)]
    found = RUN.result_ids([base, *others])
    assert len(set(found)) == 3
    text = b'["helm/lite/v1.0.0/gsm:model=a_b","exact_match","test",null,null,null]'
    assert RUN.result_ids([base]) == found[:1] == [hashlib.sha256(text).hexdigest()]


@pytest.mark.parametrize(
    ("name", "model", "folder"),
    [
        ("openai/gpt-4-0613", "openai/gpt-4-0613", "openai/gpt-4-0613"),
        ("google/text-unicorn@001", "google/text-unicorn@001", "google/text-unicorn@001"),
        ("openai/azure/gpt-4o", "openai/azure/gpt-4o", "openai/azure_gpt-4o"),
        ("anthropic/claude-v1:2", "anthropic/claude-v1:2", "anthropic/claude-v1_2"),
        ("gpt2", "gpt2", f"{NO_DEVELOPER}/gpt2"),
        ("/srv/models/mine", "srv/models/mine", "srv/models_mine"),
        ("org/a|b?", "org/a_b_", "org/a_b_"),
        ("unknown/data", "_unknown/_data", "_unknown/_data"),
        ("con/nul.txt", "_con/_nul.txt", "_con/_nul.txt"),
        ("org/v1. ", "org/v1", "org/v1"),
        ("..", "_", f"{NO_DEVELOPER}/_"),
    ],
)
def test_the_folder_of_a_model_is_portable_and_follows_from_its_id(name: str, model: str, folder: str) -> None:
    assert model_id(name) == model
    assert model_folder(model, NO_DEVELOPER) == folder


def test_an_id_of_one_part_is_in_the_folder_of_its_developer() -> None:
    assert model_folder("j2-grande", "AI21 Labs / Israel") == "AI21 Labs _ Israel/j2-grande"
