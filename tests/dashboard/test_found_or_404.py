"""404 is for what the address names; any other missing row is a fault that nobody must take for a wrong address."""

import pytest
from django.db.models import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse

from dashboard.views.frame import found_or_404
from deployments.models import Deploy, Observation, Site
from tests.dashboard.conftest import HOST
from tests.dashboard.test_deploy import make_deploy


@found_or_404(Site, "host")
def reads_an_observation(request: HttpRequest, host: str) -> HttpResponse:
    Observation.objects.get(site__host=host)
    return HttpResponse()


@found_or_404(Deploy)
def reads_a_site(request: HttpRequest, pk: int) -> HttpResponse:
    Site.objects.get(deploys=pk, host="another.example.com")
    return HttpResponse()


def test_what_the_address_names_and_is_not_there_is_404() -> None:
    with pytest.raises(Http404):
        reads_an_observation(HttpRequest(), HOST)

    with pytest.raises(Http404):
        reads_a_site(HttpRequest(), pk=1)


def test_another_missing_row_is_no_404(site: Site) -> None:
    deploy = make_deploy(site)
    Observation.objects.all().delete()

    with pytest.raises(ObjectDoesNotExist):
        reads_an_observation(HttpRequest(), host=HOST)

    with pytest.raises(ObjectDoesNotExist):
        reads_a_site(HttpRequest(), pk=deploy.pk)
