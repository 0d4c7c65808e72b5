"""A token is refused before anything is written, if the Hub says that the token does not allow writing."""

from typing import Any

import pytest

from every_eval.hub.huggingface.access import reason_against_writing

REPO = "evaleval/every_eval_ever"
OUT_OF_SCOPE = "the token's scopes do not include writing there"
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
    assert reason_against_writing(who("write", orgs=(("other", "read"), ("EvalEval", role))), REPO) is None


def test_the_owner_may_write() -> None:
    assert reason_against_writing(who("write", name="evaleval"), REPO) is None


@pytest.mark.parametrize(("kind", "name"), SCOPES)
def test_a_token_that_is_scoped_to_the_repo_or_its_owner_may_write(kind: str, name: str) -> None:
    assert reason_against_writing(scoped(kind, name, "repo.content.read", "repo.write"), REPO) is None
    assert reason_against_writing(scoped(kind, name, "repo.content.read"), REPO) == OUT_OF_SCOPE


def test_others_may_not() -> None:
    assert reason_against_writing(who("read", orgs=(("evaleval", "admin"),)), REPO) == "the token may only read"
    assert reason_against_writing(who("write"), REPO) == "the token belongs to tester, who is not a member of evaleval"
    assert reason_against_writing(who("write", orgs=(("evaleval", "read"),)), REPO) == (
        "the token belongs to tester, who may only read in evaleval"
    )
    assert reason_against_writing(scoped("dataset", "evaleval/another", "repo.write"), REPO) == OUT_OF_SCOPE


def test_what_the_hub_does_not_say_is_no_reason_against_writing() -> None:
    assert reason_against_writing({"type": "app", "name": "a-workflow"}, REPO) is None
