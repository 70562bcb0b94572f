import pytest
from django.contrib.auth.models import User

from tests.factories import make_user
from tests.worlds import outside, sites, world

__all__ = ["outside", "sites", "world"]


@pytest.fixture
def nat(db: None) -> User:
    return make_user("nat")
