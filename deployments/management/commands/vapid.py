"""`manage.py vapid`: a fresh pair of keys for notifications."""

from typing import Any

from django.core.management.base import BaseCommand

from deployments.clients.push import fresh_key_pair


class Command(BaseCommand):
    help = "Print a fresh VAPID key pair for Web Push. After a change, every browser must subscribe again."

    def handle(self, *args: Any, **options: Any) -> None:
        pair = fresh_key_pair()
        self.stdout.write(f"VAPID_PUBLIC_KEY={pair.public}\nVAPID_PRIVATE_KEY={pair.private}")
        self.stderr.write("The web process needs the first, the worker the second; keep that one secret.")
