"""What a reload of a button's address shows."""

from django.test import Client


def test_a_buttons_address_has_a_page_that_leads_on(deployer: Client) -> None:
    response = deployer.get("/sync")

    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert "Nothing was changed" in response.text
    assert 'href="/"' in response.text


def test_a_stranger_reads_it_too(stranger: Client, db: None) -> None:
    assert "Nothing was changed" in stranger.get("/sync").text
