"""Switch what Headway may do with a site automatically: one site, one switch."""

from datetime import datetime

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction

from deployments.models import AuditEvent, Site
from deployments.operations import audit
from deployments.operations.reauthentication import require
from deployments.rules.reauth_reasons import Authentication

SWITCHES = {"auto_deploy": "auto-deploy", "auto_rollback": "auto-rollback"}
MAY_SWITCH = "deployments.change_site"


def switch(
    *, site: Site, name: str, on: bool, by: User, authentication: Authentication, now: datetime
) -> bool:
    """Turn one of SWITCHES on or off; say whether it was not so yet.

    It is part of the mapping: who may edit that in the admin may, with a recent login. Raises PermissionDenied and
    ReauthenticationRequired.
    """
    if not by.has_perm(MAY_SWITCH):
        raise PermissionDenied("Only someone who can edit mappings can change this.")
    state = "on" if on else "off"
    require(
        (f"Turning {SWITCHES[name]} {state} changes what is deployed automatically.",),
        authentication,
        now=now,
    )
    with transaction.atomic():
        changed = Site.objects.filter(pk=site.pk).exclude(**{name: on}).update(**{name: on})
        if changed:
            message = f"Turned {SWITCHES[name]} {state}."
            audit.record(AuditEvent.Kind.MAPPING, message, by=by, site=site, now=now)
    return bool(changed)
