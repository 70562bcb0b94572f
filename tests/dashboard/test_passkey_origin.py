"""A passkey is made and used at PUBLIC_URL's origin alone."""

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from fido2.utils import websafe_encode

from dashboard.accounts.passkey_origin import is_ours, relying_party
from tests.dashboard.soft_passkey import SoftPasskey

HOST = "headway.example.com"
OURS = f"https://{HOST}"
OTHERS = [f"https://evil.{HOST}", f"{OURS}:8443", f"http://{HOST}", "https://example.com", "null", ""]


@pytest.fixture(autouse=True)
def _public(settings: LazySettings) -> None:
    settings.PUBLIC_URL = OURS
    settings.ALLOWED_HOSTS = [HOST, f"evil.{HOST}"]


@pytest.fixture
def eve(db: None) -> User:
    return User.objects.create_user("eve")


@pytest.fixture
def client(eve: User) -> Client:
    client = Client(headers={"host": HOST}, SERVER_NAME=HOST)
    client.force_login(eve)
    return client


def add(client: Client, passkey: SoftPasskey, *, origin: str) -> bool:
    options = client.get("/account/passkeys/add").context["js_data"]["creation_options"]["publicKey"]
    credential = passkey.register(options["challenge"], origin=origin)
    client.post("/account/passkeys/add", {"name": "Mine", "credential": credential})
    return Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN).exists()


def enter(passkey: SoftPasskey, eve: User, *, origin: str) -> bool:
    client = Client(SERVER_NAME=HOST)
    asked = client.get("/login/passkey", headers={"x-requested-with": "XMLHttpRequest"}).json()
    credential = passkey.log_in(
        asked["request_options"]["publicKey"]["challenge"],
        origin=origin,
        user_handle=websafe_encode(user_pk_to_url_str(eve).encode()),
    )
    client.post("/login/passkey", {"credential": credential})
    return "_auth_user_id" in client.session


def test_it_is_made_and_used_at_our_own_address(client: Client, eve: User) -> None:
    passkey = SoftPasskey(HOST)

    assert add(client, passkey, origin=OURS)
    assert enter(passkey, eve, origin=OURS)


@pytest.mark.parametrize("origin", OTHERS)
def test_none_is_made_elsewhere(client: Client, origin: str) -> None:
    assert not add(client, SoftPasskey(HOST), origin=origin)


@pytest.mark.parametrize("origin", OTHERS)
def test_none_logs_in_from_elsewhere(client: Client, eve: User, origin: str) -> None:
    passkey = SoftPasskey(HOST)
    add(client, passkey, origin=OURS)

    assert not enter(passkey, eve, origin=origin)


def test_a_host_header_makes_no_passkey_for_another_name(client: Client) -> None:
    client.defaults["SERVER_NAME"] = f"evil.{HOST}"

    page = client.get("/account/passkeys/add", headers={"host": f"evil.{HOST}"})

    assert page.context["js_data"]["creation_options"]["publicKey"]["rp"]["id"] == HOST


@pytest.mark.parametrize("public", ["http://localhost:8000", "http://127.0.0.1:41729", "http://[::1]:80"])
def test_on_ones_own_machine_it_is_localhost_at_any_port(settings: LazySettings, public: str) -> None:
    settings.PUBLIC_URL = public

    assert relying_party() == "localhost"
    assert is_ours("http://localhost:41730")
    assert not is_ours("http://evil.localhost:8000")
