"""Where a person's notifications go, and what they subscribe to."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from deployments.models.fields import times_in_range


class PushSubscription(models.Model):
    """One browser that a person allowed to show notifications."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    endpoint = models.URLField(max_length=1000, unique=True)
    p256dh = models.CharField(max_length=100, help_text="The browser's public key, base64url.")
    auth = models.CharField(max_length=40, help_text="The browser's secret for this subscription, base64url.")
    created_at = models.DateTimeField()
    last_ok_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0, help_text="Since the last success.")
    timeouts = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Those of the failures in which no answer came in time."
    )

    last_refused_at = models.DateTimeField(null=True)
    last_refusal = models.TextField(
        default="", db_default="", help_text="Why its push service did not take a notification."
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=times_in_range("created_at", "last_ok_at", "last_refused_at"),
                name="push_subscription_times_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"a browser of {self.user_id}"


class NotificationPreference(models.Model):
    """What one person subscribes to. Without a row: their own Deploys' ends."""

    class Scope(models.TextChoices):
        MINE = "mine", "my own deploys"
        STARRED = "starred", "my own, and every starred site"
        EVERYTHING = "all", "everything"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="notification_preference",
    )
    scope = models.CharField(max_length=7, choices=Scope, default=Scope.MINE)
    starred: Any = models.ManyToManyField("Site", through="StarredSite", blank=True, related_name="+")
    succeeded = models.BooleanField(default=True)
    failed = models.BooleanField(default=True)
    waiting = models.BooleanField(default=True)

    class Meta:
        db_table = "deployments_pushwish"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(scope__in=["mine", "starred", "all"]), name="push_wish_scope_is_known"
            )
        ]

    def __str__(self) -> str:
        return f"what {self.user_id} wants to hear of"


class StarredSite(models.Model):
    preference = models.ForeignKey(
        NotificationPreference, on_delete=models.CASCADE, related_name="+", db_column="pushwish_id"
    )
    site = models.ForeignKey("Site", on_delete=models.CASCADE, related_name="+")

    class Meta:
        db_table = "deployments_pushwish_starred"
        unique_together: ClassVar = [("preference", "site")]

    def __str__(self) -> str:
        return f"{self.preference_id} stars {self.site_id}"
