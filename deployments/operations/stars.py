"""A person's stars: a starred site comes first in their list, and can be what their notifications are about."""

from django.contrib.auth.models import User
from django.db import transaction

from deployments.models import NotificationPreference, Site, StarredSite


def star(*, site: Site, by: User) -> None:
    """Star a site; idempotent."""
    with transaction.atomic():
        preference, _ = NotificationPreference.objects.get_or_create(user=by)
        StarredSite.objects.get_or_create(preference=preference, site=site)


def unstar(*, site: Site, by: User) -> None:
    """Take a person's star from a site, where it has one."""
    StarredSite.objects.filter(preference=by.pk, site=site).delete()
