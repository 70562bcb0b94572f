"""Three roles, each a group created by code. A person in none of them has a viewer's permissions."""

from enum import StrEnum
from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q


class Role(StrEnum):
    VIEWER = "viewer"
    DEPLOYER = "deployer"
    ADMIN = "admin"


MEANINGS = {
    Role.VIEWER: "viewer: sees all, changes nothing",
    Role.DEPLOYER: "deployer: deploys, holds and syncs",
    Role.ADMIN: "admin: also edits sites and people",
}
DEPLOY = Q(content_type__app_label="deployments", codename="deploy_site")
READ = Q(content_type__app_label__in=("deployments", "django_q"), codename__startswith="view_")
EDIT = Q(content_type__app_label="deployments", content_type__model__in=("site", "syncschedule"))
PEOPLE = Q(content_type__app_label="auth", content_type__model="user")


def ensure_roles(**_: Any) -> None:
    """Make the three groups, and give each exactly its permissions; runs after every migrate."""
    grants = {Role.VIEWER: Q(pk__in=()), Role.DEPLOYER: DEPLOY, Role.ADMIN: DEPLOY | READ | EDIT | PEOPLE}
    for role, grant in grants.items():
        group, _created = Group.objects.get_or_create(name=role.value)
        group.permissions.set(Permission.objects.filter(grant))


def role_of(user: User) -> Role:
    """Return the highest role that the person has."""
    names = set(user.groups.values_list("name", flat=True)) if user.pk else set()
    if user.is_superuser or Role.ADMIN in names:
        return Role.ADMIN
    may_deploy = Role.DEPLOYER in names or user.has_perm("deployments.deploy_site")
    return Role.DEPLOYER if may_deploy else Role.VIEWER


def give_role(user: User, role: Role) -> None:
    """Put the person into this role's group alone, and take away whatever else was granted one by one."""
    user.is_staff = role is Role.ADMIN
    user.is_superuser = user.is_superuser and role is Role.ADMIN
    user.save(update_fields=["is_staff", "is_superuser"])
    user.user_permissions.clear()
    user.groups.set(Group.objects.filter(name=role.value))
