"""Why a notification could not be sent."""


class PushError(Exception):
    """One sentence, for the log."""


class PushGone(PushError):
    """The browser took its subscription back, or never had it: forget it."""


class PushRefused(PushError):
    """The push service refuses it for this browser, or the subscription is invalid."""


class SenderAtFault(PushError):
    """What Headway sends, how it signs it, or how often it sends: that says nothing of the browser."""


class PushUnavailable(PushError):
    """The push service does not answer now."""


class PushTimedOut(PushUnavailable):
    """The push service took longer than it is given."""
