"""Errors of GraphQL with the types that GitHub gives them."""

from typing import Any

from graphql import GraphQLError

SAML = (
    "Resource protected by organization SAML enforcement. "
    "You must grant your Personal Access token access to this organization."
)


class GitHubRefusal(GraphQLError):
    """One entry of `errors[]` with GitHub's `type`."""

    def __init__(self, kind: str, message: str, **extensions: Any) -> None:
        super().__init__(message, extensions=extensions or None)
        self.kind = kind
