"""Deploy: one attempt to run one commit of one site, and the only ways its status may change."""

import logging
from collections.abc import Collection
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q

from deployments.models.deploy_event import DeployEvent, EventKind
from deployments.models.deploy_status import ACTIVE_STATUSES, TRANSITIONS, Kind, Status, Trigger
from deployments.models.fields import FULL_SHA, FULL_SHA_OR_EMPTY, times_in_range
from deployments.rules.images import version_shown
from deployments.rules.wording import is_same_news, short

logger = logging.getLogger(__name__)


class Deploy(models.Model):
    site = models.ForeignKey("Site", on_delete=models.CASCADE, related_name="deploys")
    sha = models.CharField(max_length=40)
    headline = models.TextField(blank=True)
    image = models.TextField()
    applied_image = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="The image after admission, as the API server answered; empty: the requested image.",
    )
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.DEPLOY)
    rolls_back = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The deploy that this rollback undoes.",
    )
    cause = models.TextField(
        blank=True, help_text="Why it was started, where nobody said so: what failed before it."
    )
    accepts_image = models.TextField(
        blank=True, help_text="The other app's image that a person saw here, and agreed to replace."
    )
    digest = models.CharField(
        max_length=200, blank=True, help_text="What the image's tag meant in its registry when this began."
    )
    image_seen_at = models.DateTimeField(null=True, help_text="When the registry last had this image.")
    image_gone = models.BooleanField(
        default=False, help_text="It was missing from the registry when last checked."
    )
    from_sha = models.CharField(max_length=40, blank=True, help_text="What ran when this was requested.")
    from_image = models.TextField(
        blank=True, help_text="The image in the container's spec when this was requested."
    )
    from_image_seen_at = models.DateTimeField(null=True, help_text="When the registry last had that image.")
    from_image_gone = models.BooleanField(
        default=False,
        db_default=False,
        help_text="That image was missing from the registry when last checked.",
    )
    status = models.CharField(max_length=11, choices=Status, default=Status.QUEUED)
    message = models.TextField(
        db_column="sentence", blank=True, help_text="Its progress or how it ended, for a person."
    )
    trigger = models.CharField(max_length=7, choices=Trigger)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    requested_by_name = models.CharField(max_length=150, help_text="Stays when the user is deleted.")
    idempotency_key = models.UUIDField(null=True, unique=True)
    requested_at = models.DateTimeField()
    accepts_red = models.BooleanField(default=False, help_text="The requester knows that CI failed.")
    follow_head = models.BooleanField(
        default=False, help_text="While it waits, a newer head takes this commit's place."
    )
    waits_for_ci = models.BooleanField(default=False, help_text="It waits until CI has passed, too.")
    queued_at = models.DateTimeField(null=True, help_text="Empty while it waits, or if it never continued.")
    patch_sent_at = models.DateTimeField(
        db_column="told_at",
        null=True,
        help_text="When the change was sent to the cluster. From then on it cannot be cancelled.",
    )
    patched_at = models.DateTimeField(null=True)
    release_job = models.CharField(
        max_length=52,
        blank=True,
        default="",
        db_default="",
        help_text="The CronJob for its release job, even if the mapping has changed since.",
    )
    release_started_at = models.DateTimeField(null=True, help_text="When its release job was created.")
    released_at = models.DateTimeField(null=True, help_text="When its release job was seen to be complete.")
    release_log = models.TextField(
        blank=True, default="", db_default="", help_text="The last lines that its release job printed."
    )
    denied_since = models.DateTimeField(
        null=True, help_text="Since when the cluster has refused every request for this deploy (401 or 403)."
    )
    verifying_since = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    wanted = models.PositiveIntegerField(default=0, help_text="Pods that its workloads ask for.")
    updated = models.PositiveIntegerField(default=0, help_text="Pods of the new templates.")
    ready = models.PositiveIntegerField(default=0, help_text="Ready pods that run this image.")
    checks = models.PositiveSmallIntegerField(default=0, help_text="How often the host gave a wrong answer.")
    checked_at = models.DateTimeField(null=True, help_text="When the host was last checked.")
    reason = models.CharField(max_length=20, blank=True, help_text="Why it failed, for programs.")
    log = models.TextField(blank=True, help_text="The last lines that the failing container printed.")

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["site"], condition=Q(status__in=ACTIVE_STATUSES), name="deploy_one_active_per_site"
            ),
            models.CheckConstraint(condition=Q(sha__regex=FULL_SHA), name="deploy_sha_is_full"),
            models.CheckConstraint(
                condition=Q(from_sha__regex=FULL_SHA_OR_EMPTY), name="deploy_from_sha_is_full"
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="deploy_status_is_known"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="deploy_kind_is_known"),
            models.CheckConstraint(
                condition=Q(status__in=ACTIVE_STATUSES, finished_at=None)
                | (~Q(status__in=ACTIVE_STATUSES) & Q(finished_at__isnull=False)),
                name="deploy_ended_has_a_time",
            ),
            models.CheckConstraint(
                condition=times_in_range(
                    "image_seen_at",
                    "from_image_seen_at",
                    "requested_at",
                    "queued_at",
                    "patch_sent_at",
                    "patched_at",
                    "release_started_at",
                    "released_at",
                    "denied_since",
                    "verifying_since",
                    "finished_at",
                    "checked_at",
                ),
                name="deploy_times_in_range",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["site", "-id"], name="deploy_site_newest")]

    def __str__(self) -> str:
        return f"Deploy {self.pk}: {short(self.sha)} to {self.site_id}"

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE_STATUSES

    @property
    def version(self) -> str:
        """The version that it runs, as its image is tagged; empty where the site is not by release."""
        return version_shown(self.image) if self.site.is_by_release else ""

    @property
    def restarted_at(self) -> str:
        """The restart annotation in the pods' template, as kubectl writes it (RFC 3339); empty for any other Deploy."""
        return self.requested_at.isoformat() if self.kind == Kind.RESTART else ""

    @property
    def release_job_name(self) -> str:
        """The name of its Job in the cluster: the same for every try of one Deploy, so that there is one Job."""
        return f"{self.release_cron_job}-{self.pk}"

    @property
    def release_cron_job(self) -> str:
        """The name of the CronJob that its release job is made from; empty: it has none."""
        return self.release_job or self.site.release_job

    @property
    def set_image(self) -> str:
        """The image that the container has by this Deploy, as the cluster spells it."""
        return self.applied_image or self.image

    def move(
        self,
        to: Status,
        *,
        now: datetime,
        message: str = "",
        only_from: Collection[Status] = ACTIVE_STATUSES,
        **values: Any,
    ) -> bool:
        """Change the status, if it still is one from which that is legal; say whether we were the one to do it.

        Only the rows: what follows from an end is in operations/deploys/finish.py, which ends every Deploy.
        False means that another process moved this Deploy first: the row is untouched, and this object is stale.
        """
        legal = [
            status for status, following in TRANSITIONS.items() if to in following and status in only_from
        ]
        is_end = to not in TRANSITIONS
        if is_end:
            values["finished_at"] = now
        values |= {"status": to, "message": message}
        kind = EventKind.ENDED if is_end else EventKind.MOVED
        event_text = message or f"{to.label.capitalize()}."
        if not self._change(values, legal, kind=kind, event_text=event_text, now=now):
            return False
        extra = {"deploy": self.pk, "site_id": self.site_id, "status": to.value, "detail": message}
        logger.info("Deploy %s is %s", self.pk, to.label, extra=extra)
        return True

    def note(self, *, now: datetime, **values: Any) -> None:
        """Write progress of an active Deploy, where it differs; an ended one is not changed.

        A new sentence is added to the timeline too, unless only pods' names or times differ in it.
        """
        changed = {name: value for name, value in values.items() if getattr(self, name) != value}
        if changed:
            message = changed.get("message", "")
            event_text = "" if is_same_news(message, self.message) else message
            self._change(changed, [self.status], kind=EventKind.NOTED, event_text=event_text, now=now)

    def mark_patch_sent(self, *, now: datetime) -> bool:
        """Record that the patch is about to be sent; False where this was cancelled, or is no longer queued."""
        mine = Deploy.objects.filter(pk=self.pk, status=Status.QUEUED)
        return bool(mine.update(patch_sent_at=now, digest=self.digest))

    def mark_release_started(self, *, now: datetime) -> bool:
        """Record that the cluster may now have its release job; False where this was cancelled, or is no longer queued."""
        self.release_job, self.release_started_at = self.release_cron_job, self.release_started_at or now
        mine = Deploy.objects.filter(pk=self.pk, status=Status.QUEUED)
        return bool(mine.update(release_job=self.release_job, release_started_at=self.release_started_at))

    def add_event(self, message: str, *, kind: EventKind = EventKind.NOTED, now: datetime) -> None:
        """Add a line to the timeline that goes with no change of this row, such as an answer of the host."""
        DeployEvent.objects.create(deploy=self, at=now, kind=kind, message=message)

    def _change(
        self,
        values: dict[str, Any],
        from_statuses: Collection[str],
        *,
        kind: EventKind,
        event_text: str,
        now: datetime,
    ) -> bool:
        with transaction.atomic():
            if not Deploy.objects.filter(pk=self.pk, status__in=from_statuses).update(**values):
                return False
            if event_text:
                self.add_event(event_text, kind=kind, now=now)
        for name, value in values.items():
            setattr(self, name, value)
        return True
