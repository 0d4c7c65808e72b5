"""Whether a token allows writing to a repo, as far as the Hub says before anything is written."""

from collections.abc import Mapping
from typing import Any


def reason_against_writing(who: Mapping[str, Any], repo: str) -> str | None:
    """Return why a token may not write to `repo`; null where nothing speaks against writing.

    `who` is what the Hub answers to `GET /api/whoami-v2`, with the token's role (read, write or fineGrained) in
    `auth.accessToken`. Only a commit tells for certain.
    """
    owner = repo.partition("/")[0].lower()
    token = who.get("auth", {}).get("accessToken", {})
    if token.get("role") == "read":
        return "the token may only read"
    if token.get("role") == "fineGrained":
        scopes = token.get("fineGrained", {}).get("scoped", [])
        allows = any(_allows_writing(scope, {owner, repo.lower()}) for scope in scopes)
        return None if allows else "the token's scopes do not include writing there"
    if token.get("role") != "write":
        return None
    members = {org["name"].lower(): org.get("roleInOrg") for org in who.get("orgs", [])}
    if owner not in {*members, who["name"].lower()}:
        return f"the token belongs to {who['name']}, who is not a member of {owner}"
    if members.get(owner) == "read":
        return f"the token belongs to {who['name']}, who may only read in {owner}"
    return None


def _allows_writing(scope: Mapping[str, Any], names: set[str]) -> bool:
    return scope["entity"].get("name", "").lower() in names and "repo.write" in scope["permissions"]
