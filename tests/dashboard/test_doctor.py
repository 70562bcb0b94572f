"""The doctor's page: an administrator reads what a worker found, and has it check again."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from deployments.models import Examination

FINDINGS = [
    {"subject": "Clock", "grade": "good", "message": "They agree.", "remedy": ""},
    {"subject": "GitHub", "grade": "bad", "message": "The token is <wrong>.", "remedy": "Make a new one."},
]


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def test_findings_are_shown_with_what_helps_the_worst_first(admin: Client) -> None:
    Examination.record(finished_at=timezone.now(), findings=FINDINGS)

    page = admin.get("/doctor/").content.decode()

    assert page.index("The token is &lt;wrong&gt;.") < page.index("They agree.")
    assert "Make a new one." in page


def test_checking_again_is_a_worker_s_task(admin: Client) -> None:
    response = admin.post("/doctor/check-again", follow=True)

    assert OrmQ.objects.get().func() == "deployments.tasks.doctor"
    assert "If nothing appears, no worker is running" in response.content.decode()


def test_an_old_answer_stays_while_a_new_one_is_awaited(admin: Client) -> None:
    Examination.record(finished_at=timezone.now() - timedelta(hours=1), findings=FINDINGS)

    admin.post("/doctor/check-again")

    assert "They agree." in admin.get("/doctor/").content.decode()


@pytest.mark.parametrize(("method", "address"), [("get", "/doctor/"), ("post", "/doctor/check-again")])
def test_it_is_for_administrators(deployer: Client, method: str, address: str) -> None:
    assert getattr(deployer, method)(address).status_code == 403
    assert not OrmQ.objects.exists()
