from django.apps import AppConfig
from django.db.models.signals import post_migrate


class DeploymentsConfig(AppConfig):
    name = "deployments"

    def ready(self) -> None:
        from deployments import system_checks  # noqa: F401  registers itself
        from deployments.operations import logins
        from deployments.operations.sync.schedule import ensure_schedules
        from deployments.queue import entries, log

        entries.harden()
        log.listen()
        logins.listen()
        post_migrate.connect(ensure_schedules, sender=self)
