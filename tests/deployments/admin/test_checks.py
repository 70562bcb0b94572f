"""The admin as Django's own checks see it; dashboard/urls.py registers it, so they run behind that."""

from django.contrib import admin
from django.core.checks import Tags, run_checks
from django.urls import get_resolver

from deployments.models import Site


def test_django_finds_nothing_wrong_with_the_admin() -> None:
    assert get_resolver().url_patterns

    assert admin.site.is_registered(Site)
    assert run_checks(tags=[Tags.admin]) == []
