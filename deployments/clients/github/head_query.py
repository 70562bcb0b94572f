"""The newest commits of many branches in one GraphQL query, which costs 1 point: it has no connections.

All that comes from outside is a variable. `Ref.compare` takes the branch as its base, so `behindBy` counts what the commit in
`headRef` lacks: https://docs.github.com/graphql/reference/objects#ref.
"""

from collections.abc import Sequence
from typing import Any

from deployments.clients.github.heads import HeadQuestion, is_commit_name
from deployments.clients.github.versions import version_fields, version_fragments, version_variables

_COMMIT_FIELDS = "messageHeadline committedDate author { name user { login } } statusCheckRollup { state }"
_TIP = f"fragment Tip on Ref {{ name target {{ __typename oid ... on Commit {{ {_COMMIT_FIELDS} }} }} }}"
_TAGGED = f"""\nfragment Tagged on Ref {{ name target {{ __typename oid ... on Commit {{ ...OfTag }} ... on Tag {{
  target {{ __typename oid ... on Commit {{ ...OfTag }} ... on Tag {{ target {{ __typename oid ... on Commit {{ ...OfTag }} }} }} }} }} }} }}
fragment OfTag on Commit {{ {_COMMIT_FIELDS} }}"""
_CHECKS = "\nfragment Checks on Commit { oid statusCheckRollup { state } }"


def build_query(questions: Sequence[HeadQuestion]) -> dict[str, Any]:
    """The request's body: aliases `r0`, `r1`, … in the order of the questions."""
    parameters: list[str] = []
    fields: list[str] = []
    variables: dict[str, str] = {}
    for number, question in enumerate(questions):
        given = {f"o{number}": question.owner, f"n{number}": question.repository}
        if question.tag:
            given[f"b{number}"] = f"refs/tags/{question.tag}"
        elif question.branch:
            given[f"b{number}"] = f"refs/heads/{question.branch}"
        if question.versions:
            given |= version_variables(number, question.versions)
        if is_commit_name(question.running):
            given[f"s{number}"] = question.running
        if is_commit_name(question.desired):
            given[f"d{number}"] = question.desired
        if is_commit_name(question.built):
            given[f"c{number}"] = question.built
        given |= {f"s{number}_{place}": sha for place, sha in enumerate(question.others)}
        parameters += [f"${name}: String!" for name in given]
        variables |= given
        fields.append(_field(number, question))
    fragments = _fragments(questions)
    text = f"query Heads({', '.join(parameters)}) {{\n{chr(10).join(fields)}\n}}\n{fragments}"
    return {"query": text, "variables": variables}


def _fragments(questions: Sequence[HeadQuestion]) -> str:
    """GraphQL refuses a fragment that is not used."""
    tips = [question for question in questions if not question.tag]
    versions = [question.versions for question in questions if question.versions]
    return (
        (_TIP if tips else "")
        + (_TAGGED if len(tips) < len(questions) else "")
        + (_CHECKS if any(question.others for question in questions) else "")
        + version_fragments(versions)
    )


def _field(number: int, question: HeadQuestion) -> str:
    branch = f"ref(qualifiedName: $b{number})" if question.branch or question.tag else "defaultBranchRef"
    tip = "Tagged" if question.tag else "Tip"
    versions = version_fields(number, question.versions) if question.versions else ""
    # A missing branch is reported with the name of the one that may have replaced it.
    default = " default: defaultBranchRef { name }" if question.branch else ""
    compare = running = desired = built = ""
    if is_commit_name(question.running):
        compare = f" compare(headRef: $s{number}) {{ aheadBy behindBy }}"
        running = f" running: object(expression: $s{number}) {{ __typename oid }}"
    if is_commit_name(question.desired):
        desired = f" desired: object(expression: $d{number}) {{ __typename oid }}"
    if is_commit_name(question.built):
        compare += f" built: compare(headRef: $c{number}) {{ aheadBy }}"
        built = (
            f" built: object(expression: $c{number}) {{ __typename oid ... on Commit {{ messageHeadline }} }}"
        )
    others = "".join(
        f" c{place}: object(expression: $s{number}_{place}) {{ ...Checks }}"
        for place in range(len(question.others))
    )
    return (
        f"r{number}: repository(owner: $o{number}, name: $n{number}) {{ databaseId nameWithOwner isArchived isEmpty"
        f" head: {branch} {{ ...{tip}{compare} }}{default}{running}{desired}{built}{others}{versions} }}"
    )
