"""The page of where one is logged in."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.accounts.browsers import browser_named

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {WEBKIT}"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
SAFARI = f"{IPHONE} Version/18.6 Mobile/15E148 Safari/604.1"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
PASSWORD = "long enough 7"


@pytest.mark.parametrize(
    ("user_agent", "named"),
    [
        (SAFARI, "Safari, iPhone"),
        (f"{IPHONE} CriOS/142.0.7444.77 Mobile/15E148 Safari/604.1", "Chrome, iPhone"),
        (
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/18.6 Safari/605.1.15",
            "Safari, Mac",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 16; K) {WEBKIT} Chrome/142.0.0.0 Mobile Safari/537.36",
            "Chrome, Android",
        ),
        (
            f"Mozilla/5.0 (Linux; Android 16; K) {WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Samsung Internet, Android",
        ),
        (f"{WINDOWS} Safari/537.36", "Chrome, Windows"),
        (f"{WINDOWS} Safari/537.36 Edg/142.0.0.0", "Edge, Windows"),
        (f"{WINDOWS} Safari/537.36 OPR/124.0.0.0", "Opera, Windows"),
        (FIREFOX, "Firefox, Linux"),
        ("curl/8.14.1", "curl"),
        ("Ladybird (Linux)", "Linux"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_named_as_people_know_it(user_agent: str, named: str) -> None:
    assert browser_named(user_agent) == named


def test_this_browser_comes_first_and_each_by_its_name() -> None:
    User.objects.create_user("eve", password=PASSWORD)
    log_in(FIREFOX)
    here = log_in(SAFARI)
    log_in(FIREFOX)

    page = here.get("/account/sessions").text

    first, *others = page.partition("</header>")[2].split("<li>")[1:]
    assert "Safari, iPhone" in first
    assert "This device, logged in" in first
    assert ["Firefox, Linux" in other for other in others] == [True, True]
    assert "Gecko" not in page


def log_in(user_agent: str) -> Client:
    client = Client(headers={"user-agent": user_agent})
    client.post("/login/", {"login": "eve", "password": PASSWORD})
    return client
