"""The demo on a phone: opt-in, since it opens this machine's port to its network."""

import io
import socket

LOOPBACK = "127.0.0.1"
# Nothing is sent there: a datagram socket that is connected merely names the address it would send from (RFC 5737's net).
_ELSEWHERE = ("192.0.2.1", 9)


def address() -> str:
    """Return this machine's address in its network; loopback where it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
        except OSError:
            return LOOPBACK
        return str(probe.getsockname()[0])


def bound_to(host: str) -> str:
    """Return what the server listens on, so that this machine's own checks reach it as well."""
    return LOOPBACK if host == LOOPBACK else "0.0.0.0"  # noqa: S104  requested with LAN=1


def named(host: str) -> str:
    """Return what people open: passkeys work on localhost, and on no address made of numbers."""
    return "localhost" if host == LOOPBACK else host


def invitation(url: str, host: str) -> str:
    """Return what is said below the login: a QR code for the phone's camera, or how to get one."""
    if host == LOOPBACK:
        return "  On your phone: stop this, then `make demo LAN=1`.\n  Ctrl-C stops everything.\n"
    return (
        f"{_code(url)}\n  Point your phone's camera at this, in the same network: it logs you in, once, within ten minutes.\n"
        "  Passkeys, notifications and installing need https, which this demo does not have there. Ctrl-C stops everything.\n"
    )


def _code(url: str) -> str:
    from qrcode.main import QRCode

    code, drawn = QRCode(border=2), io.StringIO()
    code.add_data(url)
    code.print_ascii(out=drawn, invert=True)
    return drawn.getvalue()
