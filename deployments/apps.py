from django.apps import AppConfig
from django.db.models.signals import post_migrate


class DeploymentsConfig(AppConfig):
    name = "deployments"

    def ready(self) -> None:
        from deployments import (
            queue_entries,
            system_checks,  # noqa: F401  registers itself
            task_log,
        )
        from deployments.operations import logins
        from deployments.operations.schedule import ensure_schedules

        queue_entries.harden()
        task_log.listen()
        logins.listen()
        post_migrate.connect(ensure_schedules, sender=self)
