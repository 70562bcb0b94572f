"""Who may do what, according to the database now: web checks at each request, and a worker again before it acts."""

from django.contrib.auth.models import Permission, User
from django.db.models import Exists, OuterRef, Q

from deployments.models import Deploy, Trigger

DEPLOY = "deployments.deploy_site"


def deploy_grants() -> Exists:
    """Whether the row, a user, was granted the right to deploy, alone or by a group."""
    app, codename = DEPLOY.split(".")
    return Exists(
        Permission.objects.filter(
            Q(user=OuterRef("pk")) | Q(group__user=OuterRef("pk")),
            content_type__app_label=app,
            codename=codename,
        )
    )


def may_deploy_now(user_id: int | None) -> bool:
    """Whether this person is active and may deploy; False for one who was deleted. Always runs one SQL query."""
    able = Q(is_superuser=True) | Q(deploy_grants())
    return user_id is not None and User.objects.filter(able, pk=user_id, is_active=True).exists()


def is_administrator(user: User | None) -> bool:
    """Whether this person may also do what is kept for administrators."""
    return bool(user and user.is_active and (user.is_staff or user.is_superuser))


def no_longer_allowed(deploy: Deploy) -> str:
    """Why the person who requested this no longer may; empty where they may, or where no person in a browser requested it."""
    if deploy.trigger != Trigger.PERSON or may_deploy_now(deploy.requested_by_id):
        return ""
    return lost_the_right(deploy.requested_by_name)


def lost_the_right(name: str) -> str:
    """Say that this person may no longer deploy, and the remedy."""
    return f"{name} is no longer allowed to deploy. Someone with permission can deploy it again."
