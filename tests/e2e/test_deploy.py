"""The main job: see it behind, tap, watch it roll out."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.every_state import make_failed
from tests.e2e.installation import Installation
from tests.e2e.taps import action_button, ship

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Enter = Callable[..., Page]
LAST_LINE_SHOWS = """log => {
    const end = document.createRange();
    end.setStart(log.firstChild, log.textContent.length - 3);
    end.setEnd(log.firstChild, log.textContent.length);
    const [shown, line] = [log.getBoundingClientRect(), end.getBoundingClientRect()];
    return log.scrollHeight > log.clientHeight && shown.top <= line.top && line.bottom <= shown.bottom;
}"""


def test_a_tap_deploys_a_ready_site_and_shows_it_succeed_without_touching_anything_else(
    installation: Installation, enter: Enter
) -> None:
    host = "cron.natwelch.com"
    sha = installation.make_ready(host)
    page = enter()

    ship(page, host)
    expect(page.locator(".answer .state")).to_have_text("Succeeded")

    image = installation.world.image(host, sha)
    assert installation.world.running_image(host) == image
    assert installation.ready_images(host) == {image}


def test_a_long_log_is_open_at_its_end(installation: Installation, enter: Enter) -> None:
    failed = make_failed(installation, "gotak.app", log="\n".join(f"line {number}" for number in range(200)))
    page = enter(java_script_enabled=False)

    page.goto(f"/deploys/{failed.pk}/")

    assert page.locator(".log").evaluate(LAST_LINE_SHOWS)


def test_the_same_goes_without_javascript(installation: Installation, enter: Enter) -> None:
    host = "code.natwelch.com"
    sha = installation.make_ready(host)
    page = enter(java_script_enabled=False)

    ship(page, host)
    expect(page.locator(".answer .state")).to_have_text("Succeeded")

    image = installation.world.image(host, sha)
    assert installation.world.running_image(host) == image
    assert installation.ready_images(host) == {image}


def test_a_form_that_is_sent_twice_makes_one_deploy(installation: Installation, enter: Enter) -> None:
    host = "etu.natwelch.com"
    installation.make_ready(host)
    page = enter()
    post = """form => Promise.all([1, 2].map(
        () => fetch(form.action, {method: "POST", body: new URLSearchParams(new FormData(form))})
    )).then(answers => answers.map(answer => answer.url))"""

    action_button(page, host, "Deploy").tap()
    led_to = page.locator("#ask").evaluate(post)

    assert len(set(led_to)) == 1
    assert len(installation.deploys(host)) == 1


def test_a_double_tap_makes_one_deploy(installation: Installation, enter: Enter) -> None:
    host = "chartopia.app"
    installation.make_ready(host)
    page = enter()

    action_button(page, host, "Deploy").tap()
    page.locator("#sheet").get_by_role("button", name="Deploy").dblclick()
    page.wait_for_url("**/deploys/*/")

    assert len(installation.deploys(host)) == 1


def test_who_may_only_look_sees_no_button_and_is_refused(installation: Installation, enter: Enter) -> None:
    host = "food.natwelch.com"
    sha = installation.make_ready(host)
    page = enter("vera")

    page.goto(f"/sites/{host}/")
    buttons = page.get_by_role("button", name="Deploy")
    token = {each["name"]: each["value"] for each in page.context.cookies()}["csrftoken"]
    answer = page.request.post(
        f"/sites/{host}/deploy", form={"sha": sha, "seen": "", "csrfmiddlewaretoken": token}
    )

    expect(page.get_by_role("heading", name=host)).to_be_visible()
    assert buttons.count() == 0
    assert answer.status == 403
    assert installation.deploys(host) == []
