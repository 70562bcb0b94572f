"""20,000 requests as each role: `FUZZ_SEED=5 FUZZ_REQUESTS=1000 make chaos` sends others, or fewer."""

import os
from random import SystemRandom

import pytest
from django.contrib.auth.models import User

from dashboard.accounts.roles import Role
from tests.dashboard.conftest import _static_files_as_they_lie, make_site, site, synced
from tests.dashboard.fuzz import fuzzed
from tests.dashboard.test_fuzz import people

__all__ = ["_static_files_as_they_lie", "make_site", "people", "site", "synced"]

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("role", ["nobody", *Role])
def test_no_request_is_an_error_of_ours(people: dict[str, User | None], role: str) -> None:
    seed = int(os.environ.get("FUZZ_SEED") or SystemRandom().randrange(10**6))
    count = int(os.environ.get("FUZZ_REQUESTS") or 20_000)
    print(f"FUZZ_SEED={seed} FUZZ_REQUESTS={count}, as {role}")  # noqa: T201  what a failure is repeated with

    broken = fuzzed(seed=seed, count=count, user=people[role])

    assert broken == []
