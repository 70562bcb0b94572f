"""A mapping's form: it takes what people paste."""

from typing import Any, ClassVar

from django import forms

from deployments.form_fields import HostField, RepositoryField
from deployments.models import Site
from deployments.models.site import mapping_fields


class SiteForm(forms.ModelForm):
    suggested: ClassVar[dict[str, str]] = {}
    """What a drifted site's page suggests: filled in, and saved only by who reads it."""

    class Meta:
        model = Site
        fields = tuple(mapping_fields())
        field_classes = {"host": HostField, "repository": RepositoryField}
        help_texts = {
            "owner": "GitHub user or organisation. Defaults to the one in the repository's address.",
            "repository": "Its name, or its whole address.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update(self.suggested)
        if "owner" in self.fields:
            self.fields["owner"].required = False

    def clean(self) -> dict[str, Any]:
        """Take the owner out of the repository's address; two different owners are a mistake in one of them."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
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
