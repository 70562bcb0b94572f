"""A job of GitHub Actions, by its OIDC token: https://docs.github.com/en/actions/reference/security/oidc."""

from deployments.rules.hooks.hint import Hint, branch_of, commit, repository, text_at
from deployments.rules.wording import short


def hint_of(claims: object) -> Hint:
    """What a job says about itself. A pull request's ref is not a branch: it says nothing about what a site runs."""
    name, branch, sha = (
        text_at(claims, "repository"),
        branch_of(text_at(claims, "ref")),
        text_at(claims, "sha"),
    )
    known = bool(name and branch and commit(sha))
    return Hint(
        event="workflow",
        summary=f"Workflow of {name or 'no repository'}: {short(commit(sha)) or 'no commit'} on {branch or text_at(claims, 'ref') or 'no ref'}",
        repositories=repository(name),
        branches=(branch,) if branch else (),
        sha=commit(sha),
        ignored="" if known else "Its ref is not a branch.",
    )
