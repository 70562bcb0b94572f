"""SingleAnswer: a request by web that a worker answers; one row keeps the latest answer."""

from datetime import datetime
from typing import Any, Self

from django.db import models


class SingleAnswer(models.Model):
    asked_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    @classmethod
    def latest(cls) -> Self:
        """The one there is; empty where none was requested yet."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)  # type: ignore[attr-defined]  # those of a model that is not abstract

    @classmethod
    def record(cls, **values: datetime | list[Any] | str) -> None:
        """Write these of its columns with one SQL statement; the others stay, as web's role may write only the request's columns."""
        cls.objects.bulk_create(  # type: ignore[attr-defined]  # as above
            [cls(pk=1, **values)],  # type: ignore[misc]  # the stubs know no key of an abstract model
            update_conflicts=True,
            update_fields=list(values),
            unique_fields=["pk"],
        )

    @property
    def is_under_way(self) -> bool:
        return self.asked_at is not None and (self.finished_at is None or self.finished_at < self.asked_at)
