"""Errors of GraphQL with the types that GitHub gives them."""

from typing import Any

from graphql import GraphQLError

SAML = (
    "Resource protected by organization SAML enforcement. "
    "You must grant your Personal Access token access to this organization."
)

# What an owner's policies say, in GitHub's own words.
LIFETIME_LIMIT = (
    "The 'acme' organization forbids access via a fine-grained personal access tokens if the token's lifetime is greater than 366 days. "
    "Please adjust your token's lifetime at the following URL: https://github.com/settings/personal-access-tokens/4711815"
)
IP_LIST = (
    "Although you appear to have the correct authorization credentials, the `acme` organization has an IP allow list enabled, and "
    "your IP address is not permitted to access this resource."
)
OAUTH_RESTRICTION = (
    "Although you appear to have the correct authorization credentials, the `acme` organization has enabled OAuth App access "
    "restrictions, meaning that data access to third-parties is limited. For more information on these restrictions, including how to "
    "enable this app, visit https://docs.github.com/articles/restricting-access-to-your-organization-s-data/"
)
NO_CLASSIC_ONES = (
    "`acme` forbids access via a personal access token (classic). Please use a GitHub App, OAuth App, or a personal access token with "
    "fine-grained permissions."
)


class GitHubRefusal(GraphQLError):
    """One entry of `errors[]` with GitHub's `type`."""

    def __init__(self, kind: str, message: str, **extensions: Any) -> None:
        super().__init__(message, extensions=extensions or None)
        self.kind = kind
