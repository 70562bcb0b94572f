"""The sites themselves: one request to any host over HTTPS, like a visitor's."""

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
