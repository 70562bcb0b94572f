"""How a registry can fail us, each in one sentence that says what to do and ends with the registry's own words."""


class RegistryError(Exception):
    """`said` holds the registry's own message, empty when it gave none."""

    def __init__(self, sentence: str, *, said: str = "") -> None:
        super().__init__(f"{sentence} It says: {said}" if said else sentence)
        self.said = said


class RegistryUnavailable(RegistryError):
    """No answer, or none that can be used: ask again later."""


class RegistryRefused(RegistryError):
    """It does not let us look: somebody has to change credentials, rights or a name."""


class RegistryRateLimited(RegistryError):
    """Asked too often; `retry_after_seconds` is None when the registry did not say."""

    def __init__(self, sentence: str, *, said: str = "", retry_after_seconds: float | None = None) -> None:
        super().__init__(sentence, said=said)
        self.retry_after_seconds = retry_after_seconds
