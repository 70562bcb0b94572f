"""What a door received, and the doors' tokens and keys."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from deployments.models.fields import times_in_range
from deployments.rules.hooks.hint import Door

DOORS = [(each.value, each.value) for each in Door]


class HookDelivery(models.Model):
    """One message that was let in. Its id is kept for a day, so that a second one does nothing."""

    class State(models.TextChoices):
        WAITING = "waiting", "waits for a worker"
        QUEUED = "queued", "its sync is queued"
        NOTHING = "nothing", "nothing to do"

    door = models.CharField(max_length=8, choices=DOORS)
    delivery_id = models.CharField(max_length=200, help_text="The sender's own id of it.")
    digest = models.CharField(  # noqa: DJ001  no digest is no duplicate of another
        max_length=64,
        null=True,
        help_text="SHA-256 of a body that is never sent twice under another id; else null.",
    )
    received_at = models.DateTimeField()
    event = models.CharField(max_length=40, help_text="The sender's word, like push.")
    summary = models.TextField(help_text="What happened.")
    message = models.TextField(help_text="Which sites it concerns, or why none.")
    names = models.JSONField(default=list, help_text="Of the sites that it concerns.")
    everything = models.BooleanField(default=False, help_text="It concerns all sites.")
    sha = models.CharField(
        max_length=40, blank=True, help_text="Of a push: the commit that GitHub will show."
    )
    before = models.CharField(max_length=40, blank=True, help_text="The one that it showed before.")
    state = models.CharField(max_length=8, choices=State)
    queued_at = models.DateTimeField(null=True, help_text="When its sync was queued.")
    token = models.ForeignKey("HookToken", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["door", "delivery_id"], name="hook_delivery_comes_once"),
            models.UniqueConstraint(fields=["digest"], name="hook_delivery_is_no_replay"),
            models.CheckConstraint(
                condition=times_in_range("received_at", "queued_at"), name="hook_delivery_times_in_range"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["door", "-id"], name="hook_delivery_by_door"),
            models.Index(fields=["received_at"], name="hook_delivery_by_time"),
            models.Index(fields=["queued_at"], name="hook_delivery_by_queued"),
            models.Index(fields=["id"], condition=Q(state="waiting"), name="hook_delivery_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.door}: {self.summary}"

    @property
    def sites(self) -> tuple[str, ...]:
        """The names, whatever the column holds."""
        given = self.names if isinstance(self.names, list) else []
        return tuple(each for each in given if isinstance(each, str))


class HookToken(models.Model):
    """Who has it may say that an image was pushed. Shown once; what is kept cannot be turned back into it."""

    name = models.CharField(max_length=60, help_text="Who uses it, like “Docker Hub”.")
    hashed = models.CharField(max_length=64, unique=True, help_text="Its SHA-256.")
    created_at = models.DateTimeField()
    created_by_name = models.CharField(max_length=150)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=times_in_range("created_at", "revoked_at"), name="hook_token_times_in_range"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class HookRefusal(models.Model):
    """The last message that a door refused, for the person who sets it up. One row per door, written once a minute at most."""

    door = models.CharField(max_length=8, choices=DOORS, primary_key=True)
    at = models.DateTimeField()
    message = models.TextField(help_text="Why.")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=times_in_range("at"), name="hook_refusal_times_in_range"),
        ]

    def __str__(self) -> str:
        return f"{self.door}: {self.message}"


class SigningKey(models.Model):
    """A public key with which GitHub or Google signs its tokens: fetched by a worker, since web asks nothing outside."""

    issuer = models.CharField(max_length=255)
    key_id = models.CharField(max_length=255)
    key = models.JSONField(help_text="As the issuer publishes it: a JSON Web Key.")
    fetched_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["issuer", "key_id"], name="signing_key_is_there_once"),
            models.CheckConstraint(condition=times_in_range("fetched_at"), name="signing_key_times_in_range"),
        ]

    def __str__(self) -> str:
        return f"{self.key_id} of {self.issuer}"
