"""Where the demo is found: on this machine, and from a phone."""

from demo import lan
from demo.__main__ import listener_at


def test_on_loopback_it_says_how_to_get_to_the_phone_and_opens_nothing() -> None:
    assert "make demo LAN=1" in lan.invitation("http://127.0.0.1:8000", lan.LOOPBACK)
    assert lan.bound_to(lan.LOOPBACK) == "127.0.0.1"


def test_in_a_network_it_draws_a_code_and_listens_to_it() -> None:
    message = lan.invitation("http://192.0.2.7:8000", "192.0.2.7")

    assert message.count("█") > 100
    assert "it logs you in, once, within ten minutes" in message
    assert lan.bound_to("192.0.2.7") == "0.0.0.0"


def test_this_machine_has_an_address() -> None:
    assert lan.address().count(".") == 3


def test_two_demos_that_start_together_have_a_port_each() -> None:
    with listener_at(lan.LOOPBACK) as first, listener_at(lan.LOOPBACK) as second:
        ports = {each.getsockname()[1] for each in (first, second)}

    assert len(ports) == 2


def test_the_address_is_one_that_passkeys_work_with() -> None:
    assert lan.named(lan.LOOPBACK) == "localhost"
    assert lan.named("192.0.2.7") == "192.0.2.7"
