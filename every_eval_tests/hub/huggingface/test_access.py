"""What the Hub says of a token, against what is to be written with it."""

from typing import Any

import pytest

from every_eval.hub.huggingface.access import refusal

REPO = "evaleval/every_eval_ever"
SCOPES = [("org", "evaleval"), ("dataset", "evaleval/every_eval_ever"), ("org", "EvalEval")]


def who(role: str, name: str = "tester", orgs: tuple[tuple[str, str], ...] = (), **more: Any) -> dict[str, Any]:
    members = [{"name": org, "roleInOrg": role_in_org} for org, role_in_org in orgs]
    token = {"displayName": "a token", "role": role, **more}
    return {"type": "user", "name": name, "orgs": members, "auth": {"type": "access_token", "accessToken": token}}


def scoped(kind: str, name: str, *permissions: str) -> dict[str, Any]:
    scope = {"entity": {"_id": "1", "type": kind, "name": name}, "permissions": list(permissions)}
    return who("fineGrained", fineGrained={"global": ["discussion.write"], "scoped": [scope]})


@pytest.mark.parametrize("role", ["write", "admin", "contributor"])
def test_a_member_with_a_token_for_writing_may_write(role: str) -> None:
    assert refusal(who("write", orgs=(("other", "read"), ("EvalEval", role))), REPO) is None


def test_the_owner_may_write() -> None:
    assert refusal(who("write", name="evaleval"), REPO) is None


@pytest.mark.parametrize(("kind", "name"), SCOPES)
def test_a_token_that_is_scoped_to_the_repo_or_its_owner_may_write(kind: str, name: str) -> None:
    assert refusal(scoped(kind, name, "repo.content.read", "repo.write"), REPO) is None
    assert refusal(scoped(kind, name, "repo.content.read"), REPO) == "it is not scoped to that"


def test_others_may_not() -> None:
    assert refusal(who("read", orgs=(("evaleval", "admin"),)), REPO) == "it may only read"
    assert refusal(who("write"), REPO) == "it belongs to tester, who is not a member of evaleval"
    assert refusal(who("write", orgs=(("evaleval", "read"),)), REPO) == (
        "it belongs to tester, who may only read in evaleval"
    )
    assert refusal(scoped("dataset", "evaleval/another", "repo.write"), REPO) == "it is not scoped to that"


def test_what_the_hub_does_not_say_is_no_refusal() -> None:
    assert refusal({"type": "app", "name": "a-workflow"}, REPO) is None
