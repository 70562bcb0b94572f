import pytest
from django.contrib.auth.models import User

from tests.factories import make_user
from tests.real_registry import real_host
from tests.worlds import clients, sites, world

__all__ = ["clients", "real_host", "sites", "world"]


@pytest.fixture
def nat(db: None) -> User:
    return make_user("nat")
