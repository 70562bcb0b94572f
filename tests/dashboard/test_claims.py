"""Which role a login's claims give: that of the highest value that is listed, and none where nothing is."""

from typing import Any

import pytest

from dashboard.accounts.claims import role_for, values_of
from dashboard.accounts.roles import Role

LISTS = {"viewers": ["staff", "both"], "deployers": ["ops"], "admins": ["owners", "both"]}


@pytest.mark.parametrize(
    ("claims", "name", "values"),
    [
        ({"groups": ["ops", "staff"]}, "groups", {"ops", "staff"}),
        ({"groups": "ops"}, "groups", {"ops"}),
        ({"groups": []}, "groups", set()),
        ({"groups": ""}, "groups", set()),
        ({"groups": [" "]}, "groups", set()),
        ({"groups": None}, "groups", set()),
        ({"groups": True}, "groups", set()),
        ({"groups": {"ops": 1}}, "groups", set()),
        ({"groups": ["ops", 7, None, ["x"]]}, "groups", {"ops"}),
        ({}, "groups", set()),
        ({"realm_access": {"roles": ["ops"]}}, "realm_access.roles", {"ops"}),
        ({"realm_access": ["roles"]}, "realm_access.roles", set()),
        ({"realm_access": None}, "realm_access.roles", set()),
        ({"https://example.com/roles": ["ops"]}, "https://example.com/roles", {"ops"}),
        ({"email": "ann@example.com", "email_verified": True}, "email", {"ann@example.com"}),
        ({"email": "ann@example.com", "email_verified": False}, "email", set()),
        ({"email": "ann@example.com", "email_verified": "true"}, "email", set()),
        ({"email": "ann@example.com"}, "email", set()),
    ],
)
def test_a_claim_s_values_are_its_texts(claims: dict[str, Any], name: str, values: set[str]) -> None:
    assert values_of(claims, name) == values


@pytest.mark.parametrize(
    ("values", "role"),
    [
        ({"owners"}, Role.ADMIN),
        ({"ops", "staff"}, Role.DEPLOYER),
        ({"staff", "others"}, Role.VIEWER),
        ({"both"}, Role.ADMIN),
        ({"others"}, None),
        ({"OWNERS"}, None),
        (set(), None),
    ],
)
def test_the_highest_listed_value_decides(values: set[str], role: Role | None) -> None:
    assert role_for(values, **LISTS) == role


def test_an_empty_list_gives_its_role_to_nobody() -> None:
    assert role_for({"", "staff"}, viewers=[], deployers=[], admins=[]) is None
