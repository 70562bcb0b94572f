"""The sites themselves: one question, asked of any host over HTTPS as a visitor asks."""

from deployments.web.client import Visit, Web
from deployments.web.errors import (
    AnswerTooSlow,
    CertificateRefused,
    HostUnreachable,
    RedirectLoop,
    WebError,
)

__all__ = [
    "AnswerTooSlow",
    "CertificateRefused",
    "HostUnreachable",
    "RedirectLoop",
    "Visit",
    "Web",
    "WebError",
]
