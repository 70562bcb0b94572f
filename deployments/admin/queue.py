"""The queue's rows. One broken Schedule stops all the others, so here they can only be read; the sync's interval has a form."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django_q import admin as django_q_admin
from django_q.models import Failure, OrmQ, Schedule, Success

from deployments.admin.readonly import ReadOnly
from deployments.models import SyncSchedule
from deployments.operations.sync.schedule import INTERVALS_MINUTES, set_sync_interval
from deployments.queries import SYNC_SCHEDULE

for model, shown in (
    (Schedule, django_q_admin.ScheduleAdmin),
    (Success, django_q_admin.TaskAdmin),
    (Failure, django_q_admin.FailAdmin),
    (OrmQ, django_q_admin.QueueAdmin),
):
    # django-q2 registers OrmQ only where the database is its broker.
    if admin.site.is_registered(model):
        admin.site.unregister(model)
        admin.site.register(model, type(shown.__name__, (ReadOnly, shown), {"actions": None}))


def _spoken(minutes: int) -> str:
    hours = minutes // 60
    if minutes < 60:  # noqa: PLR2004  minutes in an hour
        return f"every {minutes} minutes"
    return "every hour" if hours == 1 else f"every {hours} hours"


class SyncScheduleForm(forms.ModelForm):
    minutes = forms.TypedChoiceField(
        label="Interval",
        coerce=int,
        choices=[(each, _spoken(each)) for each in INTERVALS_MINUTES],
        help_text="How often all sites are checked. Deploys requested by a person do not wait for it.",
    )

    class Meta:
        model = SyncSchedule
        fields = ("minutes",)


@admin.register(SyncSchedule)
class SyncScheduleAdmin(admin.ModelAdmin):
    form = SyncScheduleForm
    list_display = ("__str__", "next_run")
    fields = ("minutes", "next_run")
    readonly_fields = ("next_run",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(name=SYNC_SCHEDULE)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: SyncSchedule, form: Any, change: bool) -> None:
        set_sync_interval(minutes=form.cleaned_data["minutes"], by=request.user, now=timezone.now())  # type: ignore[arg-type]  # staff
