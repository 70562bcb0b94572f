"""A row of a mapping's form for each of its workloads."""

from typing import Any, ClassVar

from django import forms
from django.forms.models import BaseInlineFormSet

from deployments.models import MappedWorkload
from deployments.rules.workloads import WorkloadKind


class WorkloadForm(forms.ModelForm):
    class Meta:
        model = MappedWorkload
        fields = ("kind", "namespace", "name", "containers", "position")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            self.fields["kind"].initial = WorkloadKind.DEPLOYMENT.value


class WorkloadFormSet(BaseInlineFormSet):
    default_error_messages: ClassVar = BaseInlineFormSet.default_error_messages | {
        "too_few_forms": "Name at least one workload."
    }

    def clean(self) -> None:
        """Say what has happened where a row is sent that the mapping no longer has."""
        if any("id" in each for each in self.errors):
            raise forms.ValidationError(
                "Someone else changed this mapping and removed one of these workloads. Reload the page and try again."
            )
        super().clean()
