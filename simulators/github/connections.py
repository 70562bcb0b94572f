"""GraphQL's connections: lists of nodes that are answered page by page, as GitHub bounds them.

https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#node-limit
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from simulators.github.refusals import GitHubRefusal

_PAGE = 100
T = TypeVar("T")


def page_of(
    items: Sequence[T], connection: str, *, first: int | None = None, last: int | None = None
) -> list[T]:
    """`first` or `last` is demanded, 1 to 100, on every connection."""
    wanted = first if first is not None else last
    if wanted is None:
        raise GitHubRefusal(
            "MISSING_PAGINATION_BOUNDARIES",
            f"You must provide a `first` or `last` value to properly paginate the `{connection}` connection.",
        )
    if not 1 <= wanted <= _PAGE:
        raise GitHubRefusal(
            "EXCESSIVE_PAGINATION",
            f"Requesting {wanted} records on the `{connection}` connection exceeds the `first` limit of 100 records.",
        )
    return list(items[:wanted] if first is not None else items[-wanted:])


@dataclass(frozen=True)
class ListNode:
    nodes: list[Any]
    total_count: int


class HistoryNode:
    def __init__(self, nodes: list[Any], total: int) -> None:
        self.nodes, self.total_count = nodes, total

    def edges(self) -> list["EdgeNode"]:
        return [EdgeNode(node.oid, node) for node in self.nodes]

    def page_info(self) -> "PageInfoNode":
        return PageInfoNode(
            start_cursor=self.nodes[0].oid,
            end_cursor=self.nodes[-1].oid,
            has_next_page=len(self.nodes) < self.total_count,
        )


@dataclass(frozen=True)
class EdgeNode:
    cursor: str
    node: Any


@dataclass(frozen=True)
class PageInfoNode:
    start_cursor: str
    end_cursor: str
    has_next_page: bool
    has_previous_page: bool = False
