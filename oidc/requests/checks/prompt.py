"""prompt. Spec: OpenID Connect Core 1.0 section 3.1.2.1; Initiating User Registration 1.0."""

from __future__ import annotations

from oidc.errors import ProtocolError
from oidc.requests.authorization_request import Draft

PROMPT_VALUES = ("none", "login", "consent", "select_account", "create")


def check_prompt(draft: Draft) -> None:
    """Take the prompts; `none` stands alone, unknown ones are refused."""
    prompt = frozenset(draft.parameters.get("prompt", "").split())
    if not prompt.issubset(PROMPT_VALUES):
        raise ProtocolError("invalid_request", "unknown prompt value")
    if "none" in prompt and len(prompt) > 1:
        raise ProtocolError("invalid_request", "prompt none stands alone")
    draft.prompt = prompt
