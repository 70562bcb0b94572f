"""The part of GitHub's GraphQL schema that a deploy dashboard uses.

Names, nullability, arguments and enums are those of GitHub's published schema (npm `@octokit/graphql-schema` 15.26.1). What is
left out is refused, as an unknown field is by GitHub.
"""

from functools import cache
from pathlib import Path

from graphql import DocumentNode, GraphQLError, GraphQLSchema, build_schema, parse, validate


@cache
def schema() -> GraphQLSchema:
    text = Path(__file__).with_name("schema.graphql").read_text(encoding="utf-8")
    built = build_schema(text)
    for name in ("GitObject", "RepositoryOwner"):
        built.type_map[name].resolve_type = lambda value, *_: value.type_name  # type: ignore[attr-defined]
    return built


@cache
def document_of(query: str) -> tuple[DocumentNode | None, tuple[GraphQLError, ...]]:
    """The parsed query, or None and why this schema refuses it. Kept per text: the same questions are asked again and again."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, (error,)
    errors = tuple(validate(schema(), document))
    return (None if errors else document), errors
