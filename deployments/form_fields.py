"""Fields of forms that take what people paste."""

import re
from typing import Any
from urllib.parse import urlsplit

from django import forms

from deployments.rules.tags import parse_tags


class HostField(forms.CharField):
    """A host as people paste it: with https:// before it, a path behind it, or capitals in it."""

    def to_python(self, value: Any) -> str:
        text = (super().to_python(value) or "").strip()
        try:
            return (urlsplit(text).hostname or "" if "://" in text else text.rstrip("/")).lower()
        except ValueError:
            # The field's own check says what a host is.
            return text


class RepositoryField(forms.CharField):
    """A repository's name, or owner/name taken from whatever address of it people paste."""

    BEFORE_THE_OWNER = re.compile(r"^(\w+://[^/]+/|[\w.-]+@[\w.-]+:|(www\.)?github\.com/)", re.IGNORECASE)

    def to_python(self, value: Any) -> str:
        text = re.sub(r"[?#].*", "", (super().to_python(value) or "").strip())
        parts = self.BEFORE_THE_OWNER.sub("", text).strip("/").split("/")
        return "/".join(parts[:2]).removesuffix(".git")


class TagsField(forms.CharField):
    """Tags as people write them: in capitals, with commas, twice."""

    def to_python(self, value: Any) -> str:
        return parse_tags(super().to_python(value) or "")
