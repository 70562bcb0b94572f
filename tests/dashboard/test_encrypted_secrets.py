"""What a dump of the database gives away of people's codes: nothing. And what was there before keeps working."""

import json
from time import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client

from dashboard.accounts.encryption import decrypt, encrypt
from dashboard.accounts.stored_secrets import encrypt_stored

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SEED = "ab" * 40
PASSWORD = "long enough 7"
NEW_KEY = "another key, fifty characters of it, or nearly so."


@pytest.fixture
def eve(settings: LazySettings, db: None) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return User.objects.create_user("eve", password=PASSWORD)


@pytest.fixture
def in_the_clear(eve: User) -> User:
    """As an older release has left them."""
    Authenticator.objects.create(user=eve, type=Authenticator.Type.TOTP, data={"secret": SECRET})
    recovery = {"seed": SEED, "used_mask": 5}
    Authenticator.objects.create(user=eve, type=Authenticator.Type.RECOVERY_CODES, data=recovery)
    return eve


def stored() -> str:
    return json.dumps(list(Authenticator.objects.order_by("type").values_list("data", flat=True)))


def code() -> str:
    return format_hotp_value(hotp_value(SECRET, int(time()) // 30))


def lets_in(code: str) -> bool:
    client = Client()
    client.post("/login/", {"login": "eve", "password": PASSWORD})
    client.post("/login/code", {"code": code})
    return "_auth_user_id" in client.session


def test_neither_secret_nor_seed_nor_code_is_in_the_table(eve: User) -> None:
    TOTP.activate(eve, SECRET)
    recovery = RecoveryCodes.activate(eve)

    codes = recovery.generate_codes()

    assert SECRET not in stored()
    assert decrypt(recovery.instance.data["seed"]) not in stored()
    assert [code for code in codes if code in stored()] == []


def test_what_lay_there_in_the_clear_still_lets_in(in_the_clear: User) -> None:
    assert lets_in(code())


def test_a_start_of_the_web_server_encrypts_it_once_and_it_still_lets_in(in_the_clear: User) -> None:
    before = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()

    changed = encrypt_stored(), encrypt_stored()

    after = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()
    assert changed == (2, 0)
    assert SECRET not in stored()
    assert SEED not in stored()
    assert (after, len(after)) == (before, 8)
    assert lets_in(code())


def test_a_new_key_reads_what_the_one_before_it_has_written(eve: User, settings: LazySettings) -> None:
    TOTP.activate(eve, SECRET)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], NEW_KEY

    assert lets_in(code())
    assert encrypt_stored() == 1
    settings.SECRET_KEY_FALLBACKS = []
    assert decrypt(Authenticator.objects.get().data["secret"]) == SECRET


def test_without_the_key_no_code_fits_and_the_log_says_what_helps(
    eve: User, settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    TOTP.activate(eve, SECRET)
    before = stored()
    settings.SECRET_KEY = NEW_KEY

    is_let_in = lets_in(code())

    assert not is_let_in
    assert encrypt_stored() == 0
    assert stored() == before
    assert "SECRET_KEY_FALLBACKS" in caplog.text


def test_each_encryption_of_one_text_is_another() -> None:
    assert encrypt(SECRET) != encrypt(SECRET)
