"""Secrets never survive redaction, and other text always does."""

import pytest

from every_eval.network.redaction import REDACTED, redact

SECRET = "s3cr3tS3cr3tS3cr3t"


@pytest.mark.parametrize(
    "text",
    [
        f"https://user:{SECRET}@host/path",
        f"https://user:a@{SECRET}@host/path",
        f"https://{SECRET}@host",
        f"https://host/a?X-Amz-Algorithm=AWS4&X-Amz-Credential={SECRET}%2F2026&X-Amz-Signature={SECRET}",
        f"https://host/a?x-amz-security-token={SECRET}",
        f"https://host/a?X-Goog-Signature={SECRET}&X-Goog-Credential={SECRET}",
        f"https://host/a?GoogleAccessId={SECRET}&Signature={SECRET}",
        f"https://host/a?Policy={SECRET}&Signature={SECRET}&Key-Pair-Id={SECRET}",
        f"https://host/a?sv=2026&sig={SECRET}",
        f"https://host/a?key={SECRET}#part",
        f"https://host/a?api_key={SECRET}",
        f"https://host/a?access_token={SECRET}",
        f"https://host/a?token={SECRET}",
        f"https://host/a?url=https%3A%2F%2Fother%2Fb%3FX-Amz-Signature%3D{SECRET}%26x%3D1",
        f"('Authorization', 'Bearer {SECRET}')",
        f"{{'authorization': 'Bearer {SECRET}'}}",
        f"Authorization: Basic {SECRET}==",
        f"bearer {SECRET}",
        f"token hf_{SECRET} is refused",
        f"hf_oauth_{SECRET}.{SECRET}",
        f"the webhook at https://host/services/{SECRET}/x does not answer",
        f"https://host/?q=a/b%20{SECRET}",
    ],
)
def test_secrets_are_taken_out(text: str) -> None:
    found = redact(text, f"/services/{SECRET}/x", f"a/b {SECRET}" if "q=" in text else None)
    assert SECRET not in found
    assert REDACTED in found


@pytest.mark.parametrize(
    "text",
    [
        "https://storage.googleapis.com/crfm-helm-public/lite/runs/v1/a:model=x@001,b=c@d/stats.json",
        "https://host/storage/v1/b/bucket/o?prefix=lite%2F&pageToken=abc&fields=items(name),nextPageToken",
        "hf_split, hf_index, hf_hub_download",
        "Check HF_TOKEN and EVERY_EVAL_HELM_ROOT.",
        "mailto someone@example.org about https://example.org",
        "the key is 5, token by token",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert redact(text, None, "") == text


def test_the_rest_of_a_url_stays_readable() -> None:
    url = "https://me:pw@host/a.json?X-Amz-Date=2026&X-Amz-Signature=abc&part=2"
    expected = f"https://{REDACTED}@host/a.json?X-Amz-Date=2026&X-Amz-Signature={REDACTED}&part=2"
    assert redact(url) == expected


def test_a_secret_that_contains_another_one_is_taken_out_whole() -> None:
    assert redact("abc abcdef", "abc", "abcdef") == f"{REDACTED} {REDACTED}"
