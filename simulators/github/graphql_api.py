"""POST /graphql: GitHub's envelope around graphql-core."""

from typing import Any

from graphql import GraphQLError, execute_sync

from simulators.github.answers import json_response
from simulators.github.catalogue import Catalogue
from simulators.github.failures import RESOURCE_LIMITS_ERROR, SOMETHING_WENT_WRONG_ERROR, Failure, Limit
from simulators.github.nodes import OwnerNode, RepositoryNode, resolve_field, timestamp
from simulators.github.permissions import TokenPermissions
from simulators.github.query import Query
from simulators.github.refusals import SAML, GitHubRefusal
from simulators.github.schema import schema
from simulators.loopback import Response


class Root:
    """The fields of `Query`."""

    def __init__(
        self,
        catalogue: Catalogue,
        limit: Limit,
        query: Query,
        permissions: TokenPermissions,
        most: int | None,
    ) -> None:
        self._catalogue, self._limit, self._query, self._permissions = catalogue, limit, query, permissions
        self._left = len(query.repositories) if most is None else most

    def repository(self, owner: str, name: str, *, follow_renames: bool = True) -> RepositoryNode:
        self._left -= 1
        if self._left < 0:
            raise GitHubRefusal(RESOURCE_LIMITS_ERROR["type"], RESOURCE_LIMITS_ERROR["message"])
        found = self._catalogue.find(owner, name, follow_renames=follow_renames)
        if found is None or found.is_hidden or not self._permissions.sees(found.owner):
            raise GitHubRefusal(
                "NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'."
            )
        if found.is_saml_protected:
            raise GitHubRefusal(
                "FORBIDDEN",
                SAML,
                saml_failure=True,
            )
        if found.policy:
            raise GitHubRefusal("FORBIDDEN", found.policy, saml_failure=False)
        return RepositoryNode(found, self._permissions)

    def viewer(self) -> OwnerNode:
        return OwnerNode("icco")

    def rate_limit(self, *, dry_run: bool = False) -> "RateLimitNode":
        del dry_run
        return RateLimitNode(self._limit, self._query)


class RateLimitNode:
    def __init__(self, limit: Limit, query: Query) -> None:
        self.cost, self.node_count = query.cost, query.nodes
        self.limit, self.remaining, self.used = limit.limit, limit.remaining, limit.used
        self.reset_at = timestamp(limit.resets_at)


def failed(failure: Failure, limit: Limit) -> Response:
    """The failures that GraphQL reports with status 200."""
    if failure is Failure.RATE_LIMITED:
        limit.remaining = 0
        error: Any = {"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}
        return json_response({"errors": [error]})
    error = SOMETHING_WENT_WRONG_ERROR if failure is Failure.SOMETHING_WENT_WRONG else RESOURCE_LIMITS_ERROR
    return json_response({"data": None, "errors": [error]})


def executed(
    query: Query, catalogue: Catalogue, limit: Limit, *, permissions: TokenPermissions, most: int | None
) -> Response:
    """`data` and `errors`; only `errors` when the schema or a variable's type refuses the query, with status 200 as GitHub does."""
    if query.document is None:
        return json_response({"errors": [_formatted(each, ["query"]) for each in query.errors]})
    root = Root(catalogue, limit, query, permissions, most)
    result = execute_sync(
        schema(), query.document, root, variable_values=dict(query.variables), field_resolver=resolve_field
    )
    answer: dict[str, Any] = {}
    if result.data is not None:
        answer["data"] = result.data
    if result.errors:
        answer["errors"] = [_formatted(each) for each in result.errors]
    return json_response(answer)


def _formatted(error: GraphQLError, path: list[str | int] | None = None) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    if isinstance(error.original_error, GitHubRefusal):
        entry["type"] = error.original_error.kind
    if error.path or path:
        entry["path"] = error.path or path
    if error.extensions:
        entry["extensions"] = error.extensions
    entry["locations"] = [{"line": each.line, "column": each.column} for each in error.locations or ()]
    entry["message"] = error.message
    return entry
