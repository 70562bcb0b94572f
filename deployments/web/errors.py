"""How a site can fail to answer. Each error is one sentence for a person."""


class WebError(Exception):
    """No answer came."""


class HostUnreachable(WebError):
    """The name is not known, nobody listens there, or the connection broke off."""


class AnswerTooSlow(WebError):
    """The answer did not come in time."""


class CertificateRefused(WebError):
    """The certificate is not trusted here, or is another host's."""


class RedirectLoop(WebError):
    """The host sends us round in circles."""
