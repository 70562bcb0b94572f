"""How a site can fail to answer. Each error is one sentence for a person."""


class SiteCheckError(Exception):
    """No answer came."""


class UnableToAsk(SiteCheckError):
    """The worker cannot resolve the name, has no route to its network, or cannot reach its own proxy: that says nothing of the site."""


class HostUnreachable(SiteCheckError):
    """Nobody listens there, or the connection broke off."""


class AnswerTooSlow(SiteCheckError):
    """The answer did not come in time."""


class CertificateRefused(SiteCheckError):
    """The certificate is not trusted here, or is another host's."""


class RedirectLoop(SiteCheckError):
    """The host redirects in a loop."""
