"""prompt. Spec: OpenID Connect Core 1.0 section 3.1.2.1; Initiating User Registration 1.0."""

from __future__ import annotations

from oidc.conf import configuration
from oidc.errors import ProtocolError
from oidc.requests.authorization_request import Draft

PROMPT_VALUES = ("none", "login", "consent", "select_account")


def prompt_values() -> tuple[str, ...]:
    """Return the values that are supported: `create` only where people may sign up."""
    return (*PROMPT_VALUES, "create") if configuration().sign_up_open else PROMPT_VALUES


def check_prompt(draft: Draft) -> None:
    """Take the prompts; `none` stands alone, unknown ones are refused."""
    prompt = frozenset(draft.parameters.get("prompt", "").split())
    if not prompt.issubset(prompt_values()):
        raise ProtocolError("invalid_request", "unknown prompt value")
    if "none" in prompt and len(prompt) > 1:
        raise ProtocolError("invalid_request", "prompt none stands alone")
    draft.prompt = prompt
