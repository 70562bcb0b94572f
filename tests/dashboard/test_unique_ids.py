"""A site beside the list is one document: neither has an id that the other has."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from deployments.models import Site
from deployments.operations.hold import place_hold
from tests.dashboard.conftest import HOST
from tests.unique_ids import ids_of, ids_of_pane, twice

SITE = f"/sites/{HOST}/"


@pytest.fixture
def admin(person: User) -> Client:
    person.is_staff = person.is_superuser = True
    person.save()
    client = Client()
    client.force_login(person)
    return client


def beside(client: Client) -> list[str]:
    """The ids of a document that shows both."""
    return [each for path in ("/", SITE) for each in ids_of_pane(client.get(path).text)]


def test_a_site_beside_the_list_has_no_id_of_the_list_s(admin: Client, site: Site) -> None:
    found = beside(admin)

    assert any(each.startswith("s-") for each in found)
    assert twice(found) == []


def test_nor_has_one_on_hold_while_everything_is_paused(admin: Client, site: Site, person: User) -> None:
    for where in (site, None):
        place_hold(site=where, reason="Tonight", by=person, now=timezone.now())

    found = beside(admin)

    assert any(each.startswith("resume-") for each in found)
    assert twice(found) == []


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<p id="a"></p><p id="b"></p>', []),
        ('<p id="a"></p><input id="a">', ["a"]),
        ('<p id="a"/><br id="a"/>', ["a"]),
        ('<p id="a"></p><template><p id="a"></p></template>', []),
        ("<p id='a'></p><template id='a'></template>", ["a"]),
        ('<p>id="a" id="a"</p>', []),
    ],
)
def test_an_id_that_is_there_twice_is_found(html: str, found: list[str]) -> None:
    assert twice(ids_of(html)) == found
