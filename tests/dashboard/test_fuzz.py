"""Whatever is sent, as whichever role: no error of ours. The long form is one of chaos' (tests/chaos/test_fuzz.py)."""

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.utils import timezone

from dashboard.accounts.roles import Role, ensure_roles, give_role
from deployments.models import Site, SyncRun
from deployments.operations.hold import place_hold
from tests.dashboard.fuzz import fuzzed

pytestmark = pytest.mark.slow

PASSWORD = "long enough 7"
SEED, COUNT = 11, 100


@pytest.fixture
def people(settings: LazySettings, site: Site, synced: SyncRun) -> dict[str, User | None]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    ensure_roles()
    found: dict[str, User | None] = {"nobody": None}
    for role in Role:
        found[role.value] = User.objects.create_user(role.value, password=PASSWORD)
        give_role(found[role.value], role)
    place_hold(site=site, reason="Why not", by=found["admin"], now=timezone.now())
    return found


@pytest.mark.parametrize("role", ["nobody", *Role])
def test_no_request_is_an_error_of_ours(people: dict[str, User | None], role: str) -> None:
    broken = fuzzed(seed=SEED, count=COUNT, user=people[role])

    assert broken == []
