"""People are invited by a link that they open on their own phone, once."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from allauth.mfa.models import Authenticator
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from dashboard.accounts import invitations
from dashboard.accounts.roles import Role, ensure_roles, give_role, role_of
from dashboard.logs import without_token
from deployments.models import AuditEvent
from tests.dashboard.soft_passkey import SoftPasskey

HOST = "headway.example.com"
PASSWORD = "long enough 7"
PASSWORDS = {"password1": PASSWORD, "password2": PASSWORD}
VALID_FOR = timedelta(days=3)
NO_MORE = "This invitation link isn't valid."


@pytest.fixture(autouse=True)
def _public(settings: LazySettings, db: None) -> None:
    settings.PUBLIC_URL = f"https://{HOST}"
    settings.ALLOWED_HOSTS = [HOST, "testserver"]
    cache.clear()
    ensure_roles()


@pytest.fixture
def ada() -> User:
    """An administrator."""
    ada = User.objects.create_user("ada")
    give_role(ada, Role.ADMIN)
    return ada


@pytest.fixture
def admin(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


def invited(by: User, *, role: Role = Role.VIEWER) -> str:
    """The path of a new link."""
    _, link = invitations.invite(name="zoe", role=role, by=by, now=timezone.now())
    return link.removeprefix(f"https://{HOST}")


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def rows() -> list[object]:
    return [*User.objects.order_by("pk").values(), *AuditEvent.objects.values()]


def test_an_administrator_gets_a_link_that_is_shown_once(admin: Client) -> None:
    made = admin.post("/invitations/", {"username": "zoe", "role": "deployer"})

    link = made.context["link"]
    assert link.startswith(f"https://{HOST}/invited/")
    assert link in unescape(made.text)
    assert made.context["qr"].startswith("data:image/svg+xml;base64,")
    assert "no-store" in made["Cache-Control"]
    assert link not in unescape(admin.get("/invitations/").text)


@pytest.mark.parametrize("role", Role)
def test_the_link_gives_the_role_that_was_chosen_and_leads_to_the_list(
    admin: Client, stranger: Client, role: Role
) -> None:
    link = admin.post("/invitations/", {"username": "zoe", "role": role.value}).context["link"]

    page = stranger.get(link)
    entered = stranger.post(link, PASSWORDS)

    assert "<bdi>ada</bdi> invites you" in page.text
    assert role.value in page.text
    assert entered["Location"] == "/"
    zoe = User.objects.get(username="zoe")
    assert role_of(zoe) is role
    assert zoe.check_password(PASSWORD)
    assert stranger.get("/").status_code == 200


def test_a_passkey_opens_it_too(ada: User) -> None:
    path, phone, passkey = invited(ada), Client(SERVER_NAME=HOST), SoftPasskey(HOST)
    options = phone.get(path).context["js_data"]["creation_options"]["publicKey"]

    entered = phone.post(
        path, {"credential": passkey.register(options["challenge"], origin=f"https://{HOST}")}
    )

    assert entered["Location"] == "/"
    assert is_in(phone)
    assert Authenticator.objects.get().user.username == "zoe"


@pytest.mark.parametrize("credential", ["", "{}", "junk"])
def test_a_passkey_that_is_none_leaves_the_link_as_it_was(
    ada: User, stranger: Client, credential: str
) -> None:
    path = invited(ada)
    stranger.get(path)

    refused = stranger.post(path, {"credential": credential})

    assert refused.status_code == 200
    assert not is_in(stranger)
    assert stranger.post(path, PASSWORDS)["Location"] == "/"


def test_a_password_that_is_too_simple_leaves_the_link_as_it_was(ada: User, stranger: Client) -> None:
    path = invited(ada)

    refused = stranger.post(path, {"password1": "password", "password2": "password"})

    assert "too common" in refused.text
    assert stranger.post(path, PASSWORDS)["Location"] == "/"


def test_opening_the_link_changes_nothing(ada: User, stranger: Client) -> None:
    path = invited(ada)
    before = rows()

    answers = [stranger.get(path), stranger.head(path), stranger.get(path)]

    assert {each.status_code for each in answers} == {200}
    assert rows() == before
    assert "sessionid" not in stranger.cookies
    assert "no-store" in answers[0]["Cache-Control"]
    assert answers[0]["Referrer-Policy"] == "same-origin"


def test_nobody_gets_in_to_an_account_that_was_not_opened(ada: User, stranger: Client) -> None:
    invited(ada)

    stranger.post("/login/", {"login": "zoe", "password": invitations.MARK})

    assert not is_in(stranger)


def used(_: User, path: str) -> str:
    Client().post(path, PASSWORDS)
    return path


def revoked(ada: User, path: str) -> str:
    invitations.revoke(user=invitations.pending().get(), by=ada, now=timezone.now())
    return path


def renewed(ada: User, path: str) -> str:
    invitations.renew(user=invitations.pending().get(), by=ada, now=timezone.now())
    return path


def used_and_deactivated(ada: User, path: str) -> str:
    used(ada, path)
    User.objects.filter(username="zoe").update(is_active=False)
    return path


def inviter_demoted(ada: User, path: str) -> str:
    give_role(ada, Role.DEPLOYER)
    return path


def inviter_deactivated(ada: User, path: str) -> str:
    User.objects.filter(pk=ada.pk).update(is_active=False)
    return path


def another_s_number(ada: User, path: str) -> str:
    return f"/invited/{ada.pk}-{path.partition('-')[2]}"


def altered(_: User, path: str) -> str:
    return path[:-1] + ("0" if path[-1] != "0" else "1")


def garbage(_: User, __: str) -> str:
    return "/invited/99999999999999999999999-x"


def another_key(_: User, path: str) -> str:
    """As one who owns only the database would make it."""
    tokens = invitations._Tokens(timezone.now())
    tokens.secret = "another"
    zoe = invitations.pending().get()
    return f"/invited/{zoe.pk}-{tokens.make_token(zoe)}"


@pytest.mark.parametrize(
    "spoil",
    [
        used,
        revoked,
        renewed,
        used_and_deactivated,
        inviter_demoted,
        inviter_deactivated,
        another_s_number,
        altered,
        garbage,
        another_key,
    ],
)
def test_a_link_that_is_no_more_valid_is_one_sentence_whatever_is_wrong(
    ada: User, spoil: Callable[[User, str], str]
) -> None:
    path = spoil(ada, invited(ada))
    before, phone = list(User.objects.order_by("pk").values()), Client()

    answers = [phone.get(path), phone.post(path, PASSWORDS), phone.post(path, {"credential": "{}"})]

    assert {answer.status_code for answer in answers} == {404}
    assert all(NO_MORE in answer.text and "zoe" not in answer.text for answer in answers)
    assert not is_in(phone)
    assert list(User.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(("late", "is_valid"), [(-timedelta(seconds=5), True), (timedelta(seconds=5), False)])
def test_a_link_is_valid_for_three_days(ada: User, late: timedelta, is_valid: bool) -> None:
    now = timezone.now()
    _, link = invitations.invite(name="zoe", role=Role.VIEWER, by=ada, now=now)
    token = link.rpartition("/")[2]

    assert (invitations.find(token, now=now + VALID_FOR + late) is not None) is is_valid


def test_the_second_of_two_that_open_it_at_once_gets_nothing(ada: User) -> None:
    token = invited(ada).rpartition("/")[2]

    opened = [invitations.open_account(token, now=timezone.now()) for _ in range(2)]

    assert [user is not None for user in opened] == [True, False]


@pytest.mark.parametrize("change", [invitations.renew, invitations.revoke])
def test_a_person_who_opened_the_link_meanwhile_keeps_the_account(
    ada: User, change: Callable[..., object]
) -> None:
    path = invited(ada)
    seen = invitations.pending().get()
    Client().post(path, PASSWORDS)

    with pytest.raises(User.DoesNotExist):
        change(user=seen, by=ada, now=timezone.now())

    assert User.objects.get(username="zoe").check_password(PASSWORD)


def test_an_account_that_an_administrator_activates_no_longer_has_a_link(admin: Client, ada: User) -> None:
    path = invited(ada)
    zoe = invitations.pending().get()

    admin.post(f"/admin/auth/user/{zoe.pk}/change/", {"username": "zoe", "role": "viewer", "is_active": "on"})
    User.objects.filter(pk=zoe.pk).update(is_active=False)

    assert Client().get(path).status_code == 404


@pytest.mark.parametrize("name", ["eve", "EVE"])
def test_an_account_that_is_there_is_never_invited(admin: Client, name: str) -> None:
    """Whatever created it: GitHub, an OpenID Connect provider, an administrator, or the proxy's."""
    eve = User.objects.create_user("eve", is_active=False)

    answer = admin.post("/invitations/", {"username": name, "role": "viewer"})

    assert "Someone has this name already" in answer.text
    assert [admin.post(f"/invitations/{eve.pk}/{act}").status_code for act in ("renew", "revoke")] == [
        404,
        404,
    ]
    assert User.objects.filter(username="eve").exists()


def test_staff_who_may_not_add_users_invite_nobody(admin: Client, ada: User) -> None:
    ada.groups.clear()

    answers = [admin.get("/invitations/"), admin.post("/invitations/", {"username": "zoe", "role": "admin"})]

    assert {answer.status_code for answer in answers} == {403}
    assert not User.objects.filter(username="zoe").exists()


def test_who_is_not_there_yet_is_listed_and_can_be_revoked(admin: Client, ada: User) -> None:
    invited(ada)
    zoe = invitations.pending().get()
    listed = admin.get("/invitations/").text

    admin.post(f"/invitations/{zoe.pk}/revoke")

    assert "zoe" in listed
    assert not User.objects.filter(username="zoe").exists()


def test_the_audit_says_who_invited_whom_and_who_came(admin: Client, stranger: Client) -> None:
    link = admin.post("/invitations/", {"username": "zoe", "role": "deployer"}).context["link"]

    stranger.post(link, PASSWORDS)

    kind = AuditEvent.Kind.ACCOUNT
    events = AuditEvent.objects.filter(kind=kind).order_by("pk").values_list("actor_name", "message")
    assert list(events) == [
        ("ada", "Invited zoe as deployer."),
        ("zoe", "Accepted the invitation of ada as deployer."),
    ]


def test_guessing_links_is_limited_by_address(stranger: Client) -> None:
    answers = [stranger.get(f"/invited/{n}-x").status_code for n in range(31)]

    assert answers == [404] * 30 + [429]


def test_no_log_line_has_the_link() -> None:
    assert without_token("GET /invited/7-abc-def 200") == "GET /invited/… 200"
