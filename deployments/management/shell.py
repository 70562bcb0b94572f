"""Who is at the shell: shell access allows everything, and the audit log records who it was."""

from getpass import getuser

from django.contrib.auth.models import User


def shell_user() -> tuple[User | None, str]:
    """The account of the same name, if there is one, and the name to write down."""
    try:
        name = getuser()
    except (KeyError, OSError):
        # A container may run us under a number that has no name.
        name = "someone"
    return User.objects.filter(username=name).first(), f"{name} on a shell"
