"""The demo's way to a phone."""

from demo import lan


def test_on_loopback_it_says_how_to_get_to_the_phone_and_opens_nothing() -> None:
    assert "make demo LAN=1" in lan.invitation("http://127.0.0.1:8000", lan.LOOPBACK)
    assert lan.bound_to(lan.LOOPBACK) == "127.0.0.1"


def test_in_a_network_it_draws_a_code_and_listens_to_it() -> None:
    message = lan.invitation("http://192.0.2.7:8000", "192.0.2.7")

    assert message.count("█") > 100
    assert lan.bound_to("192.0.2.7") == "0.0.0.0"


def test_this_machine_has_an_address() -> None:
    assert lan.address().count(".") == 3
