"""Requests that nobody's browser sends: each gets a sentence and 400, never an error of ours."""

from http import HTTPStatus
from io import BytesIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.test import Client
from django.test.client import FakePayload, RequestFactory

from dashboard.body_limits import LARGEST_BODY
from dashboard.well_formed import Handler
from deployments.models import Deploy, Hold, Site
from tests.dashboard.conftest import HEAD, HOST, RUNNING

pytestmark = pytest.mark.slow

FORM = "application/x-www-form-urlencoded"
KEY = "5e9ae7a8-3c1c-4d58-9d7f-0f3d5a1f0f3d"
PART = b'--x\r\nContent-Disposition: form-data; name="reason"\r\n\r\nWhy\r\n--x--\r\n'
ODD_TYPES = [
    *(
        f"{FORM}; charset={name}"
        for name in ("hex", "zip", "utf-16", "idna", "undefined", "nowhere", "latin-1")
    ),
    *(f"{FORM}; charset*=utf-8''%00", f"{FORM}; charset*=nowhere''utf-8", f"{FORM}; charset=\x00"),
    *("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\xe9"),
    *("multipart/form-data; boundary=x; charset=rot13", "application/json; charset=base64"),
]
CREDENTIALS = [
    *(
        "",
        "x",
        "null",
        "[]",
        "5",
        '"a"',
        "{}",
        "NaN",
        "[" * 100_000,
        '{"id": 5}',
        '{"id": "\\ud800"}',
        '{"id": "a\\u0000"}',
    ),
    '{"id": "YQ", "rawId": "YQ", "type": "public-key", "response": {"clientDataJSON": "!", "authenticatorData": "YQ", "signature": 5}}',
    '{"id": "YQ", "rawId": "YQ", "response": {"clientDataJSON": "e30", "authenticatorData": "YQ", "signature": "YQ", "userHandle": "AA"}}',
    '{"id": null, "rawId": [], "response": {"attestationObject": "o2Nm", "clientDataJSON": {}}}',
]


@pytest.fixture
def quiet(deployer: Client) -> Client:
    """Someone who may deploy, and who sees a 500 as a browser does."""
    deployer.raise_request_exception = False
    return deployer


def ask(path: str, body: bytes, **environ: Any) -> int:
    """Ask what gunicorn asks, as gunicorn asks it; return the status."""
    made = RequestFactory()._base_environ(
        PATH_INFO=path, REQUEST_METHOD="POST", CONTENT_LENGTH=str(len(body))
    )
    statuses = []

    def start(status: str, _headers: object) -> None:
        statuses.append(int(status[:3]))

    Handler()(made | {"wsgi.input": FakePayload(body)} | environ, start).close()
    return statuses[0]


@pytest.mark.django_db
@pytest.mark.parametrize("content_type", ODD_TYPES)
@pytest.mark.parametrize("path", ["/login/", "/login/passkey"])
def test_a_form_of_an_odd_type_is_refused(path: str, content_type: str) -> None:
    assert ask(path, PART, CONTENT_TYPE=content_type, QUERY_STRING="q=%D9%A3") == HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=utf-8", f"{FORM}; charset=UTF-8"])
def test_the_types_that_browsers_send_are_read(quiet: Client, site: Site, content_type: str) -> None:
    quiet.generic("POST", f"/sites/{HOST}/hold", "reason=Caf%C3%A9", content_type)

    assert Hold.objects.get().reason == "Café"


@pytest.mark.django_db
@pytest.mark.parametrize("charset", ["UTF8", '"utf_8"', "us-ascii"])
def test_other_names_of_utf_8_are_read_as_far_as_the_check_of_the_forms_origin(charset: str) -> None:
    assert ask("/login/", b"login=x", CONTENT_TYPE=f"{FORM}; charset={charset}") == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("where", ["path", "query", "name", "value"])
def test_a_nul_anywhere_is_refused_with_a_sentence(quiet: Client, site: Site, where: str) -> None:
    path = {"path": "/sites/a%00b/hold", "query": f"/sites/{HOST}/hold?q=a%00b"}.get(
        where, f"/sites/{HOST}/hold"
    )
    body = {"name": "reason=Why&rea%00son=x", "value": "reason=a%00b"}.get(where, "reason=Why")

    answer = quiet.generic("POST", path, body, FORM)

    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert "It contains a NUL character." in answer.text
    assert not Hold.objects.exists()


@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "messages", "tz"])
def test_a_cookie_with_a_nul_is_as_good_as_none(quiet: Client, site: Site, name: str) -> None:
    answer = quiet.get("/", headers={"Cookie": f'{name}="\\000aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"'})

    assert answer.status_code == HTTPStatus.FOUND


@pytest.mark.parametrize("field", ["sha", "seen", "key"])
def test_a_newline_behind_a_field_ships_nothing(quiet: Client, site: Site, field: str) -> None:
    form = {"sha": HEAD, "seen": RUNNING, "key": KEY}

    answer = quiet.post(f"/sites/{HOST}/deploy", form | {field: f"{form[field]}\n"})

    assert answer.status_code == HTTPStatus.FOUND
    assert not Deploy.objects.exclude(sha=HEAD, from_sha=RUNNING).exists()


def test_junk_for_a_passkey_is_a_wrong_passkey(quiet: Client, person: User) -> None:
    stranger = Client(raise_request_exception=False)
    stranger.get("/login/passkey", headers={"X-Requested-With": "XMLHttpRequest"})
    quiet.get("/account/passkeys/add")

    answers = {
        (client is quiet, path, credential[:200]): client.post(path, {"credential": credential}).status_code
        for credential in CREDENTIALS
        for client, path in (
            (stranger, "/login/passkey"),
            (quiet, "/account/check/passkey"),
            (quiet, "/account/passkeys/add"),
        )
    }

    assert {each for each, status in answers.items() if status >= 500} == set()


@pytest.mark.parametrize(
    ("model", "action"), [("deployments/site", "sync"), ("auth/user", "delete_selected")]
)
def test_what_is_selected_in_the_admin_is_a_number(
    admin_client: Client, site: Site, model: str, action: str
) -> None:
    admin_client.raise_request_exception = False
    selected = ("NaN", "x", "", "1.5", "1e9", "Infinity", "-1", "\u0661", "9" * 400)

    answers = {
        each: admin_client.post(f"/admin/{model}/", {"action": action, "_selected_action": ["1", each]})
        for each in selected
    }

    assert {each for each, answer in answers.items() if answer.status_code >= 500} == set()
    assert Site.objects.exists()


@pytest.mark.parametrize(
    ("page", "field"),
    [
        ("deployments/deploy", "requested_at"),
        ("deployments/hold", "until"),
        ("auth/user", "last_login"),
        ("django_q/schedule", "next_run"),
    ],
)
def test_what_the_admin_cannot_filter_by_is_refused(admin_client: Client, page: str, field: str) -> None:
    admin_client.raise_request_exception = False
    lookups = ("year", "year__exact", "year__gte", "iso_year", "date", "range", "regex", "lt")
    sent = [
        (f"{field}__{lookup}", each) for lookup in lookups for each in ("9999", "0", "9999-12-31 23:59", "(")
    ]
    sent += [("pk__range", "0"), ("id__in", "x"), ("pk__regex", "(")]

    answers = {each: admin_client.get(f"/admin/{page}/", {each[0]: each[1]}).status_code for each in sent}

    assert {each: status for each, status in answers.items() if status != 400} == {}


def test_the_admins_own_filters_are_read(admin_client: Client) -> None:
    admin_client.raise_request_exception = False
    links = ("at__year=2026", "at__year=2026&at__month=11&at__day=28", "kind__exact=hold", "e=1")

    assert {admin_client.get(f"/admin/deployments/auditevent/?{link}").status_code for link in links} == {200}


@pytest.mark.parametrize(
    "content_type", [FORM, "multipart/form-data; boundary=x", "application/json", "text/plain", ""]
)
def test_a_body_above_the_limit_is_refused_before_it_is_read(
    quiet: Client, site: Site, content_type: str
) -> None:
    unread = BytesIO(b"")

    status = ask(
        "/login/",
        b"",
        CONTENT_TYPE=content_type,
        CONTENT_LENGTH=str(LARGEST_BODY + 1),
        **{"wsgi.input": unread},
    )

    assert status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_a_body_at_the_limit_is_read(quiet: Client, site: Site) -> None:
    body = "reason=Why&rest=".ljust(LARGEST_BODY, "x")

    quiet.generic("POST", f"/sites/{HOST}/hold", body, FORM)

    assert Hold.objects.get().reason == "Why"


@pytest.mark.parametrize("header", ["User-Agent", "X-User", "X-Forwarded-For", "X-Request-ID", "Referer"])
def test_a_nul_in_a_header_is_refused_before_anything_is_written(
    person: User, settings: LazySettings, header: str
) -> None:
    settings.TRUSTED_USER_HEADER, settings.TRUSTED_PROXIES, settings.TRUSTED_SECRET = "X-User", 1, "s" * 20
    person.set_password("long enough 7")
    person.save()
    sent = {"X-Headway-Proxy-Secret": "s" * 20, header: "ada\0"}
    client = Client(raise_request_exception=False)

    answer = client.post("/login/", {"login": "eve", "password": "long enough 7"}, headers=sent)

    assert (answer.status_code, "sessionid" in client.cookies) == (400, False)


def test_what_is_uploaded_does_not_lie_on_disk() -> None:
    request = RequestFactory().post("/", {"file": BytesIO(b"x" * (LARGEST_BODY - 1000))})

    assert type(request.FILES["file"]) is InMemoryUploadedFile


@pytest.mark.parametrize(
    "address", ["https://[::1", "http://[", "//[::1]x/", "https://a.example.com:99999999/x"]
)
def test_what_is_no_address_leads_to_the_list(quiet: Client, site: Site, address: str) -> None:
    stranger = Client(raise_request_exception=False)

    statuses = {
        quiet.get("/login/code", {"next": address}).status_code,
        quiet.get("/login/", {"next": address}).status_code,
        stranger.get("/login/", {"next": address}).status_code,
        stranger.get("/activity/", headers={"HX-Request": "true", "HX-Current-URL": address}).status_code,
    }

    assert max(statuses) < HTTPStatus.BAD_REQUEST


def test_what_is_no_host_is_refused_in_the_mapping(admin_client: Client, site: Site) -> None:
    admin_client.raise_request_exception = False

    page = admin_client.post(f"/admin/deployments/site/{site.pk}/change/", {"host": "https://[::1"})

    assert "Write a DNS name in lower case" in page.text


@pytest.mark.parametrize("field", ["", "host", "nothing", "\n"])
def test_the_field_that_a_popup_names_is_one(admin_client: Client, site: Site, field: str) -> None:
    admin_client.raise_request_exception = False
    path = f"/admin/deployments/site/{site.pk}/change/"

    answers = [admin_client.get(path, {"_to_field": field}), admin_client.post(path, {"_to_field": field})]

    assert {answer.status_code for answer in answers} <= {HTTPStatus.BAD_REQUEST, HTTPStatus.OK}
