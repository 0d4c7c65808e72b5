"""Whatever a name holds, Markdown shows the name and nothing else."""

import time

import pytest

from every_eval.hub.cards import markdown_table
from every_eval.hub.markdown import NAME_CHARACTERS, escaped, shortened


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a|b", r"a\|b"),
        ("a\n\n# Heading", "a # Heading"),
        ("# Heading", r"\# Heading"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("<script>alert(1)</script>", r"\<script\>alert(1)\</script\>"),
        ("[text](javascript:x)", r"\[text\](javascript:x)"),
        ("![image](https://host/a.png)", r"\!\[image\](https\://host/a.png)"),
        ("see www.example.org", r"see www\.example.org"),
        ("a@example.org", r"a\@example.org"),
        ("`code` *strong* _em_ ~~gone~~ $x$", r"\`code\` \*strong\* \_em\_ \~\~gone\~\~ \$x\$"),
        ("&lt;b&gt;", r"\&lt;b\&gt;"),
        (r"back\slash", r"back\\slash"),
        ("right\u202eto left\x00\x1b[31m", r"rightto left\[31m"),
    ],
)
def test_what_markdown_would_read_is_escaped(name: str, expected: str) -> None:
    assert escaped(name) == expected


@pytest.mark.parametrize(
    "name", ["Llama 2 (70B)", "01-ai/yi-34b", "gpt_4_turbo", "mmlu:subject=anatomy", "模型 é", "GPT-4"]
)
def test_usual_names_stay_as_they_are(name: str) -> None:
    assert escaped(name) == name


def test_a_name_of_a_megabyte_is_cut_at_once() -> None:
    started = time.process_time()
    for name in ("x" * 1_000_000, "| " * 500_000, "/a" * 500_000):
        assert len(shortened(name)) == NAME_CHARACTERS
        assert len(escaped(name)) <= 2 * NAME_CHARACTERS
    assert time.process_time() - started < 1


def test_a_table_keeps_its_cells_whatever_they_hold() -> None:
    lines = markdown_table(("a", "b"), [("x|y\n| z |", 3), (None, "<b>")]).split("\n")
    assert lines == ["| a | b |", "| --- | --- |", r"| x\|y \| z \| | 3 |", r"|  | \<b\> |"]
