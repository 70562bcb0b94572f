"""One GraphQL request, read: which repositories it names, and what it costs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    value_from_ast_untyped,
)

from simulators.github.schema import document_of
from simulators.loopback import Request

_CONNECTIONS = frozenset({"history", "refs", "releases"})


@dataclass(frozen=True)
class Query:
    """`document` is None when the schema refuses the text, and `errors` say why."""

    variables: dict[str, Any]
    document: DocumentNode | None
    errors: tuple[GraphQLError, ...]

    @cached_property
    def repositories(self) -> tuple[str, ...]:
        """What each `repository(…)` names, as `owner/name` in lower case."""
        fields = [each for each in self._top_fields() if each.name.value == "repository"]
        named = [self._arguments(each) for each in fields]
        return tuple(f"{given.get('owner')}/{given.get('name')}".lower() for given in named)

    @property
    def cost(self) -> int:
        """Points: the connections by 100, rounded, at least 1.

        https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
        """
        return max(1, round(len(self._page_sizes) / 100))

    @property
    def nodes(self) -> int:
        """How many nodes the connections may bring."""
        return sum(self._page_sizes)

    @cached_property
    def _page_sizes(self) -> list[int]:
        definitions = self.document.definitions if self.document else ()
        fragments = {
            each.name.value: each.selection_set
            for each in definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
        return [size for each in operations for size in self._sizes_in(each.selection_set, fragments)]

    def _sizes_in(
        self, chosen: SelectionSetNode | None, fragments: Mapping[str, SelectionSetNode]
    ) -> list[int]:
        sizes: list[int] = []
        for each in chosen.selections if chosen else ():
            if isinstance(each, FragmentSpreadNode):
                sizes += self._sizes_in(fragments[each.name.value], fragments)
            elif isinstance(each, FieldNode | InlineFragmentNode):
                sizes += self._sizes_in(each.selection_set, fragments)
            if isinstance(each, FieldNode) and each.name.value in _CONNECTIONS:
                given = self._arguments(each)
                sizes.append(int(given.get("first") or given.get("last") or 0))
        return sizes

    def _top_fields(self) -> list[FieldNode]:
        definitions = self.document.definitions if self.document else ()
        operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
        chosen = [each for operation in operations for each in operation.selection_set.selections]
        return [each for each in chosen if isinstance(each, FieldNode)]

    def _arguments(self, field: FieldNode) -> dict[str, Any]:
        return {
            each.name.value: value_from_ast_untyped(each.value, self.variables)
            for each in field.arguments or ()
        }


def read_query(request: Request) -> Query | None:
    """None when the body is not a query in JSON."""
    try:
        body = json.loads(request.body)
        text, variables = body["query"], body.get("variables") or {}
    except (ValueError, KeyError, TypeError):
        return None
    document, errors = document_of(text)
    return Query(variables, document, errors)
