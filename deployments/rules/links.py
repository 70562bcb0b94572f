"""External URLs, before a page links to them."""

from urllib.parse import urlsplit

LONGEST = 2000


def https_link(address: object) -> str:
    """Return the address where it is an https one with a host, of printable characters without spaces; else nothing."""
    if not isinstance(address, str) or len(address) > LONGEST or not address.isprintable() or " " in address:
        return ""
    try:
        parts = urlsplit(address)
        is_link = parts.scheme == "https" and parts.hostname and "\\" not in address and not parts.username
    except ValueError:
        return ""
    return address if is_link else ""
