"""What a person does here, on a phone; each with JavaScript and as plain forms."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from deployments.models import Hold, Observation, Site
from deployments.rules.images import ImageTemplate
from tests.e2e.house import House
from tests.e2e.thumb import Thumb, ship

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("with_script", [True, False], ids=["script", "plain"]),
]
Enter = Callable[..., Page]
HOST = "cron.natwelch.com"
TO_THE_END_MS = 45_000


def said(page: Page):
    return page.locator(".answer .state")


def test_find(house: House, enter: Enter, *, with_script: bool) -> None:
    page = enter(java_script_enabled=with_script)

    Thumb(page).search("cron natw")

    expect(page.locator(".rows > li")).to_have_count(1)
    expect(page.locator(".rows > li")).to_contain_text(HOST)


def test_deploy(house: House, enter: Enter, *, with_script: bool) -> None:
    sha = house.make_ready(HOST)
    page = enter(java_script_enabled=with_script)

    ship(page, HOST)

    expect(said(page)).to_have_text("Succeeded", timeout=TO_THE_END_MS)
    assert house.world.running_image(HOST) == house.world.image(HOST, sha)


def test_deploy_when_ready(house: House, enter: Enter, *, with_script: bool) -> None:
    sha = house.commit(HOST, built=False)
    page = enter(java_script_enabled=with_script)

    ship(page, HOST, "When ready")
    expect(said(page)).to_have_text("Waiting")
    house.world.build(HOST, sha)
    house.sync(HOST)

    expect(said(page)).to_have_text("Succeeded", timeout=TO_THE_END_MS)


def test_hold_and_resume(house: House, enter: Enter, *, with_script: bool) -> None:
    house.make_ready(HOST)
    page = enter(java_script_enabled=with_script)

    page.goto(f"/sites/{HOST}/")
    page.get_by_text("Hold this site").tap()
    page.get_by_label("Why").fill("Migration tonight")
    page.get_by_role("button", name="Hold", exact=True).tap()
    expect(said(page)).to_have_text("Held")
    page.locator(".answer").get_by_role("button", name="Resume").tap()

    expect(said(page)).to_have_text("Ready")
    assert Hold.objects.get().lifted_by_name == "nat"


def test_stop_everything(house: House, enter: Enter, *, with_script: bool) -> None:
    page = enter(java_script_enabled=with_script)

    page.get_by_role("button", name="Stop all").tap()

    expect(page.locator(".banner.hold")).to_contain_text("Everything is held")
    assert Hold.objects.get().site is None


def _fill_up_to(number: int, house: House) -> list[str]:
    """Make every site of the house, and as many more, ready to deploy; return their hosts."""
    there, template = Site.objects.count(), ImageTemplate.parse(house.world.image_template)
    Site.objects.bulk_create(
        Site(
            host=f"more-{each}.example.com",
            owner="icco",
            repository="more",
            deployment=f"more-{each}",
            container="more",
        )
        for each in range(number - there)
    )
    seen = Observation.objects.select_related("site").first()
    for site in Site.objects.all():
        repository = template.repository_for(owner=site.owner, repository=site.repository)
        running = f"{repository}:{'a' * 40}"
        Observation.objects.update_or_create(
            site=site,
            defaults={
                "head_sha": "b" * 40, "head_headline": "Ship this", "head_committed_at": seen.head_committed_at,
                "check_state": "success", "behind_by": 1, "ahead_by": 0, "head_image_built": True,
                "github_observed_at": seen.github_observed_at, "desired_image": running, "desired_sha": "a" * 40,
                "running_sha": "a" * 40, "ready": 1, "wanted": 1, "cluster_observed_at": seen.cluster_observed_at,
                "latest_deploy": None,
            },
        )  # fmt: skip
    return sorted(Site.objects.values_list("host", flat=True))
