"""A job of GitHub Actions, by its OIDC token: https://docs.github.com/en/actions/reference/security/oidc."""

from deployments.rules.hooks.hint import Hint, branch_of, commit, repository, tag_of, text_at
from deployments.rules.wording import short


def hint_of(claims: object) -> Hint:
    """What a job says about itself. A pull request's ref is neither a branch nor a tag: it says nothing about what a site runs."""
    name, ref, sha = text_at(claims, "repository"), text_at(claims, "ref"), text_at(claims, "sha")
    branch, tag = branch_of(ref), tag_of(ref)
    known = bool(name and (branch or tag) and commit(sha))
    where = f"tag {tag}" if tag else branch or ref or "no ref"
    return Hint(
        event="workflow",
        summary=f"Workflow of {name or 'no repository'}: {short(commit(sha)) or 'no commit'} on {where}",
        repositories=repository(name),
        branches=(branch,) if branch else (),
        tags=(tag,) if tag else (),
        sha=commit(sha),
        ignored="" if known else "Its ref is neither a branch nor a tag.",
    )
