"""The sites themselves: one question, asked of any host over HTTPS as a visitor asks."""

from deployments.clients.site_check.client import HostAnswer, SiteCheck
from deployments.clients.site_check.errors import (
    AnswerTooSlow,
    CertificateRefused,
    HostUnreachable,
    RedirectLoop,
    SiteCheckError,
    UnableToAsk,
)

__all__ = [
    "AnswerTooSlow",
    "CertificateRefused",
    "HostAnswer",
    "HostUnreachable",
    "RedirectLoop",
    "SiteCheck",
    "SiteCheckError",
    "UnableToAsk",
]
