"""How a registry can fail, each in one sentence with a remedy that ends with the registry's own words."""


class RegistryError(Exception):
    """`answer_text` holds the registry's own message, empty when it gave none."""

    def __init__(self, message: str, *, answer_text: str = "") -> None:
        super().__init__(f"{message} It says: {answer_text}" if answer_text else message)
        self.answer_text = answer_text


class RegistryUnavailable(RegistryError):
    """No answer, or none that can be used: ask again later."""


class RegistryRefused(RegistryError):
    """It denies access: someone has to change credentials, permissions or a name."""


class RegistryRateLimited(RegistryError):
    """Asked too often; `retry_after_seconds` is None when the registry did not say."""

    def __init__(
        self, message: str, *, answer_text: str = "", retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message, answer_text=answer_text)
        self.retry_after_seconds = retry_after_seconds
