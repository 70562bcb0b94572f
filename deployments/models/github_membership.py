"""An account's membership in an organisation on GITHUB_LOGIN_ALLOWED, and when GitHub last confirmed it."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from deployments.models.fields import times_in_range


class GitHubMembership(models.Model):
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    organisation = models.CharField(max_length=100, help_text="In lower case.")
    token = models.TextField(
        help_text="The person's own, encrypted: it can read memberships and nothing else."
    )
    confirmed_at = models.DateTimeField(help_text="When GitHub last said that the membership is active.")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=times_in_range("confirmed_at"), name="github_membership_times_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.organisation}"
