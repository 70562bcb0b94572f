"""The doctor: asks everything Headway depends on, and says what helps."""

from deployments.operations.doctor.findings import Finding, Grade
from deployments.operations.doctor.run import examine, record_examination

__all__ = ["Finding", "Grade", "examine", "record_examination"]
