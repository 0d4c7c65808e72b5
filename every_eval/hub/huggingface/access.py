"""Whether a token may write to a repo, as far as the Hub tells before anything is written."""

from collections.abc import Mapping
from typing import Any


def refusal(who: Mapping[str, Any], repo: str) -> str | None:
    """Why a token may not write to `repo`; null where nothing speaks against it.

    `who` is what the Hub answers to `GET /api/whoami-v2`, with the token's role (read, write or fineGrained) in
    `auth.accessToken`. Only `commit` can tell for certain.
    """
    owner = repo.partition("/")[0].lower()
    token = who.get("auth", {}).get("accessToken", {})
    if token.get("role") == "read":
        return "it may only read"
    if token.get("role") == "fineGrained":
        scopes = token.get("fineGrained", {}).get("scoped", [])
        return None if any(_may_write(scope, {owner, repo.lower()}) for scope in scopes) else "it is not scoped to that"
    if token.get("role") != "write":
        return None
    members = {org["name"].lower(): org.get("roleInOrg") for org in who.get("orgs", [])}
    if owner not in {*members, who["name"].lower()}:
        return f"it belongs to {who['name']}, who is not a member of {owner}"
    return f"it belongs to {who['name']}, who may only read in {owner}" if members.get(owner) == "read" else None


def _may_write(scope: Mapping[str, Any], names: set[str]) -> bool:
    return scope["entity"].get("name", "").lower() in names and "repo.write" in scope["permissions"]
