"""People: created, given a role, and readmitted after losing a phone."""

from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from dashboard.accounts.audited import described, note
from dashboard.accounts.forms import RoleField
from dashboard.accounts.invitations import end_link
from dashboard.accounts.roles import Role, give_role, role_of

GITHUBS = (
    [*apps.get_app_config("socialaccount").get_models()] if apps.is_installed("allauth.socialaccount") else []
)
# Roles are made by code, and the others hold secrets or nothing that a person edits.
for model in (Group, EmailAddress, Authenticator, UserSession, *GITHUBS):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
admin.site.unregister(User)


class PersonForm(forms.ModelForm):
    role = RoleField()

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "is_active")
        labels = {"username": "Name"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["role"] = role_of(self.instance).value

    def clean(self) -> dict[str, Any]:
        """Refuse what would leave nobody to edit people."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        stays = cleaned.get("role") == Role.ADMIN and cleaned.get("is_active")
        others = User.objects.filter(is_staff=True, is_active=True).exclude(pk=self.instance.pk)
        if role_of(self.instance) is Role.ADMIN and not stays and not others.exists():
            raise ValidationError("This is the only admin. Create another one first.")
        return cleaned


class NewPersonForm(AdminUserCreationForm):
    role = RoleField()


class PersonAdmin(UserAdmin):
    form = PersonForm
    add_form = NewPersonForm
    list_display = ("username", "role", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    actions = ("let_in_again",)
    fieldsets = (
        (None, {"fields": ("username", "role", "is_active")}),
        ("Account", {"fields": ("first_name", "last_name")}),
        ("When", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "role", "usable_password", "password1", "password2")}),)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Count what goes with the people, such as their sessions, instead of listing it."""
        shown, counts, needed, protected = super().get_deleted_objects(objs, request)
        return [each for each in shown if not isinstance(each, list)], counts, needed, protected

    @admin.display(description="Role")
    def role(self, user: User) -> str:
        return role_of(user).value

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if obj.is_active:
            end_link(obj)
        super().save_model(request, obj, form, change)
        give_role(obj, Role(form.cleaned_data["role"]))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Leave the groups as give_role left them."""

    def log_addition(self, request: HttpRequest, obj: User, message: Any) -> Any:
        note(f"Created the account of {described(obj)}.", by=_staff(request))
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> Any:
        """Record what of it: the form's fields, or the password."""
        found = [name for each in message for name in each.get("changed", {}).get("fields", [])]
        what = ", ".join(found).lower() or "nothing"
        note(f"Changed {what} of the account of {described(obj)}.", by=_staff(request))
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for user in queryset:
            note(f"Deleted the account of {described(user)}.", by=_staff(request))
        return super().log_deletions(request, queryset)

    @admin.action(
        description="Reset passkeys and recovery codes, and log out everywhere", permissions=["change"]
    )
    def let_in_again(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        Authenticator.objects.filter(user__in=queryset).delete()
        for session in UserSession.objects.filter(user__in=queryset):
            session.end()
        for user in queryset:
            note(
                f"Reset passkeys and recovery codes of {described(user)}, and ended the sessions.",
                by=_staff(request),
            )
        self.message_user(request, "Done. Now set a new password and send it to them.", messages.SUCCESS)


def _staff(request: HttpRequest) -> User:
    """Return who is at work: the admin lets nobody else in."""
    return cast("User", request.user)


admin.site.register(User, PersonAdmin)
