import base64
import json

import pytest

from every_eval.sources.eval_harness.media import without_media

CONTENT = base64.b64encode(bytes(range(256))).decode()


@pytest.mark.parametrize(
    ("url", "left"),
    [
        (f"data:image/png;base64,{CONTENT}", "data:image/png,(left out)"),
        (f"data:audio/wav;rate=8000;base64,{CONTENT}", "data:audio/wav,(left out)"),
        ("data:image/svg+xml,%3Csvg%20id=1%3E", "data:image/svg+xml,(left out)"),
    ],
)
def test_a_data_url_keeps_its_type_alone(url: str, left: str) -> None:
    for text in (url, f'see "{url}" and {url}'):
        assert without_media(text) == text.replace(url, left)


def test_messages_stay_json() -> None:
    def messages(url: str) -> list[object]:
        return [{"role": "user", "content": [{"image_url": {"url": url}}, {"text": "What is it?"}]}]

    shown = without_media(json.dumps(messages(f"data:image/png;base64,{CONTENT}")))
    assert json.loads(shown) == messages("data:image/png,(left out)")


@pytest.mark.parametrize("text", [None, "", "data: none", "metadata:a/b", "data:image/png", "The data:x,y"])
def test_other_texts_stay(text: str | None) -> None:
    assert without_media(text) == text
