"""What is wrong with a client's metadata, said so that every front door can show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from oidc.errors import ProtocolError


class Refused(ValueError):
    """A value is not acceptable. The texts are static: they never repeat what was sent.

    A list is told of once for each rule that its entries break.
    """

    def __init__(self, *messages: str) -> None:
        super().__init__(" ".join(messages))
        self.messages = messages


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal, at one member. Its text names known members only, never what was sent."""

    member: str
    message: str
    is_known: bool = True

    def __str__(self) -> str:
        return f"{self.member}: {self.message}" if self.is_known else self.message


class InvalidClientMetadata(ProtocolError):
    """Metadata that cannot be registered, with everything that is wrong about it.

    Spec: RFC 7591 section 3.2.2.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        about_redirect_uris = any(problem.member == "redirect_uris" for problem in self.problems)
        super().__init__(
            "invalid_redirect_uri" if about_redirect_uris else "invalid_client_metadata",
            " ".join(map(str, self.problems)),
        )
