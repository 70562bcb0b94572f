"""What is odd about a site but blocks nothing: each a sentence with a remedy."""

from deployments.rules.wording import sentences


def notes_on(*, slug: str, name_with_owner: str, is_archived: bool, managed_by: str) -> tuple[str, ...]:
    """The sentences for the site's page, most pressing first.

    `slug` is the mapping's owner/repository and `name_with_owner` GitHub's, empty where it is not known.
    """
    notes = (
        _managed(managed_by),
        f"GitHub calls {slug} {name_with_owner} now. Follow the rename in the admin, before someone else takes the old name"
        if is_renamed(slug, name_with_owner)
        else "",
        f"{slug} is archived on GitHub: no newer commit comes until it is unarchived" if is_archived else "",
    )
    return tuple(sentences(note) for note in notes if note)


def is_renamed(slug: str, name_with_owner: str) -> bool:
    """GitHub compares names without case, and so do we."""
    return bool(name_with_owner) and name_with_owner.lower() != slug.lower()


def is_another(repository_id: int | None, before: int | None) -> bool:
    """After a rename or a deletion anyone may take the old name: what they commit must never be shipped."""
    return None not in (repository_id, before) and repository_id != before


def another_repository(name_with_owner: str) -> str:
    return (
        f"{name_with_owner} is another repository than the one this site was mapped to: someone may have taken its name. "
        "Correct the mapping, or save it again to accept this one."
    )


def _managed(by: str) -> str:
    if not by:
        return ""
    return (
        f"{by} manages this Deployment and may undo what is deployed here. Let it leave the container's image alone, "
        f"or deploy by it"
    )
