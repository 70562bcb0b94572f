"""POST /graphql: GitHub's envelope around graphql-core."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
    execute_sync,
)

from demo.github.answers import json_response
from demo.github.failures import RESOURCE_LIMITS_ERROR, SOMETHING_WENT_WRONG_ERROR, Failure, Limit
from demo.github.nodes import GitHubRefusal, OwnerNode, RepositoryNode, resolve_field, timestamp
from demo.github.repository import Catalogue
from demo.github.schema import document_of, schema
from demo.loopback import Request, Response


class Root:
    """The fields of `Query`."""

    def __init__(self, catalogue: Catalogue, limit: Limit, nodes: int) -> None:
        self._catalogue, self._limit, self._nodes = catalogue, limit, nodes

    def repository(self, owner: str, name: str, *, follow_renames: bool = True) -> RepositoryNode:
        found = self._catalogue.find(owner, name, follow_renames=follow_renames)
        if found is None or found.is_hidden:
            raise GitHubRefusal(
                "NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'."
            )
        if found.is_saml_protected:
            raise GitHubRefusal(
                "FORBIDDEN",
                "Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.",
                saml_failure=True,
            )
        return RepositoryNode(found)

    def viewer(self) -> OwnerNode:
        return OwnerNode("icco")

    def rate_limit(self, *, dry_run: bool = False) -> "RateLimitNode":
        del dry_run
        return RateLimitNode(self._limit, self._nodes)


class RateLimitNode:
    def __init__(self, limit: Limit, nodes: int) -> None:
        self.cost, self.node_count = cost_of(nodes), nodes
        self.limit, self.remaining, self.used = limit.limit, limit.remaining, limit.used
        self.reset_at = timestamp(limit.resets_at)


def cost_of(nodes: int) -> int:
    """Points, from the number of connections: their sum by 100, rounded, at least 1.

    https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
    """
    return max(1, round(nodes / 100))


@dataclass(frozen=True)
class Query:
    """One request's body; `document` is None when the schema refuses it, and `errors` say why."""

    text: str
    variables: Mapping[str, Any]
    document: DocumentNode | None
    errors: tuple[GraphQLError, ...]

    @property
    def named(self) -> frozenset[str]:
        """The repositories that the variables or literals of `repository(…)` name, as `owner/name` in lower case."""
        return frozenset(
            f"{owner}/{name}".lower() for owner, name in map(self._arguments, self.repositories())
        )

    def repositories(self) -> list[FieldNode]:
        if self.document is None:
            return []
        operation = next(
            each for each in self.document.definitions if isinstance(each, OperationDefinitionNode)
        )
        fields = [each for each in operation.selection_set.selections if isinstance(each, FieldNode)]
        return [each for each in fields if each.name.value == "repository"]

    def _arguments(self, field: FieldNode) -> tuple[str, str]:
        given = {each.name.value: each.value for each in field.arguments}
        values = [given[name] for name in ("owner", "name")]
        owner, name = (
            self.variables.get(each.name.value) if each.kind == "variable" else each.value  # type: ignore[attr-defined]
            for each in values
        )
        return str(owner), str(name)

    def connections(self) -> int:
        """How often a connection is asked for, fragments counted wherever they are spread."""
        if self.document is None:
            return 0
        fragments = {
            each.name.value: each.selection_set
            for each in self.document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        return sum(
            _connections_in(each.selection_set, fragments)
            for each in self.document.definitions
            if isinstance(each, OperationDefinitionNode)
        )


def _connections_in(selections: SelectionSetNode | None, fragments: Mapping[str, SelectionSetNode]) -> int:
    total = 0
    for each in selections.selections if selections else ():
        if isinstance(each, FragmentSpreadNode):
            total += _connections_in(fragments[each.name.value], fragments)
        else:
            total += _connections_in(each.selection_set, fragments)  # type: ignore[attr-defined]
            total += isinstance(each, FieldNode) and each.name.value == "history"
    return total


def read_query(request: Request) -> Query | None:
    """None when the body is not a query in JSON."""
    try:
        body = json.loads(request.body)
        text, variables = body["query"], body.get("variables") or {}
    except (ValueError, KeyError, TypeError):
        return None
    document, errors = document_of(text)
    return Query(text, variables, document, errors)


def failed(failure: Failure, limit: Limit) -> Response:
    """The failures that GraphQL tells with status 200."""
    if failure is Failure.RATE_LIMITED:
        limit.remaining = 0
        error: Any = {"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}
        return json_response({"errors": [error]})
    error = SOMETHING_WENT_WRONG_ERROR if failure is Failure.SOMETHING_WENT_WRONG else RESOURCE_LIMITS_ERROR
    return json_response({"data": None, "errors": [error]})


def executed(query: Query, catalogue: Catalogue, limit: Limit) -> Response:
    """`data` and `errors`; only `errors` when the schema or a variable's type refuses the query, with status 200 as GitHub does."""
    if query.document is None:
        return json_response({"errors": [_formatted(each, ["query"]) for each in query.errors]})
    root = Root(catalogue, limit, query.connections())
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
