import json
from typing import Any

import pytest

from every_eval.sources.inspect.own_arguments import metadata_json, own_arguments

NAN = float("nan")


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        (
            {"subject": "physics", "level": 3, "parts": ["a", None]},
            {"subject": "physics", "level": 3, "parts": ["a", None]},
        ),
        ({"file": "/home/me/data/a.json", "n": 1}, {"file": "a.json", "n": 1}),
        ({"server": "https://internal.example/v1", "n": 1}, {"n": 1}),
        ({"api_key": "abc", "n": 1}, {"n": 1}),
        ({"note": "use sk-abcdefghijklmnopqrst", "n": NAN}, {"n": "nan"}),
        ({"inner": {"password": "abc", "n": 1}}, {"inner": {"n": 1}}),
    ],
)
def test_what_its_author_named_is_published_without_paths_addresses_and_credentials(
    stated: dict[str, Any], shown: dict[str, Any]
) -> None:
    text = json.dumps(dict(own_arguments(stated).shown))
    for secret in ("/home", "internal", "abc"):
        assert secret not in text
        assert secret not in str(metadata_json([stated]))
    assert {name: json.loads(text)[name] for name in shown.keys() & {"n", "file", "subject"}} == {
        name: shown[name] for name in shown.keys() & {"n", "file", "subject"}
    }


@pytest.mark.parametrize("odd", [None, [], "text", 5, {}])
def test_other_values_have_no_arguments(odd: object) -> None:
    assert own_arguments(odd).shown == {}
    assert metadata_json([odd]) == [None]


def test_the_metadata_of_a_sample_are_judged_by_what_they_are_themselves() -> None:
    stated = [{"a": "x"}, {"file": "/home/me/a.json"}, None, {"n": 1}, {"code": "abcdefghijklm"}]
    assert metadata_json(stated) == ['{"a":"x"}', '{"file":"a.json"}', None, '{"n":1}', '{"code":"abcdefghijklm"}']
