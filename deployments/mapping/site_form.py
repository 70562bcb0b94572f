"""A mapping's form: it takes what people paste."""

from typing import Any, ClassVar

from django import forms

from deployments.form_fields import HostField, RepositoryField, TagsField
from deployments.mapping.check import CHECKED_FIELDS, show_beside
from deployments.models import Site
from deployments.models.site import mapping_fields
from deployments.rules.suggestions import mapping_for, proposal

SUGGESTED = ("image_template", "commit_source", "moving_tag")
"""Fields of a mapping that an address of its form may fill in."""
SHOWN_AGAIN = "typed"
"""Sent with what was typed before a session ended: it is shown, and not saved."""
GROUPS = (
    (
        "Auto-deploy",
        (
            *("auto_deploy", "auto_rollback", "wait_for_ci"),
            *("requires_provenance", "minimum_interval_minutes"),
        ),
    ),
    ("GitHub", ("owner", "repository", "branch", "paths")),
    ("Cluster", ("release_job",)),
    (
        "Image",
        ("image_template", "commit_source", "moving_tag", "tag_pattern", "prereleases", "pins_digest"),
    ),
    ("Health check", ("check_enabled", "check_path", "check_status", "check_timeout_seconds")),
)
"""What belongs together, by its title, beside the names and tags."""


def _proposal(site: Site) -> str:
    """How commits could be known by what runs, where they are not; empty for a new mapping."""
    seen = getattr(site, "observation", None) if site.pk else None
    if seen is None or seen.desired_sha or not seen.desired_image:
        return ""
    suggested = mapping_for(seen.desired_image, repository=site.repository, source=site.commit_source)
    return proposal(seen.desired_image, suggested)


class SiteForm(forms.ModelForm):
    suggested: ClassVar[dict[str, str]] = {}
    """What a drifted site's page suggests: filled in, and saved only by who reads it."""

    class Meta:
        model = Site
        fields = tuple(mapping_fields())
        field_classes = {"host": HostField, "repository": RepositoryField, "tags": TagsField}
        labels = {"auto_deploy": "Auto-deploy", "minimum_interval_minutes": "Minimum interval (minutes)"}
        help_texts = {
            "owner": "GitHub user or organisation. Defaults to the one in the repository's address.",
            "repository": "Its name, or its whole address.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update(self.suggested)
        field = self.fields.get("commit_source")
        if field is not None and (message := _proposal(self.instance)):
            field.help_text = f"{message} {field.help_text}"
        if "owner" in self.fields:
            self.fields["owner"].required = False
        for name in CHECKED_FIELDS if self.instance.pk else ():
            if name in self.fields:
                show_beside(self.fields[name], name, self.instance)

    def clean(self) -> dict[str, Any]:
        """Take the owner out of the repository's address; two different owners are a mistake in one of them."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if SHOWN_AGAIN in self.data:
            self.add_error(None, "You were logged out, and nothing was saved. Check the fields, then save.")
        pasted, _, name = cleaned.get("repository", "").rpartition("/")
        owner = cleaned.get("owner", "")
        if pasted and owner and pasted.casefold() != owner.casefold():
            message = f"The repository belongs to {pasted}, and the owner says {owner}. Correct one of them."
            self.add_error("repository", message)
        elif not (pasted or owner) and "owner" not in self.errors:
            self.add_error(
                "owner", "Write the user or organisation, or paste the repository's whole address."
            )
        elif name:
            cleaned |= {"repository": name, "owner": owner or pasted}
        return cleaned
