import pytest
from django.contrib.auth.models import User

from tests.factories import make_user
from tests.worlds import clients, sites, world

__all__ = ["clients", "sites", "world"]


@pytest.fixture
def nat(db: None) -> User:
    return make_user("nat")
