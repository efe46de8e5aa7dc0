"""Where webhooks may go, whatever a name resolves to."""

from __future__ import annotations

import socket

import pytest

from alerts.addresses import addresses_of, is_public, read_target, read_url
from alerts.errors import InvalidTarget, NotDelivered

URL = "https://hooks.example.com/x"


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "192.0.0.9",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "2002:a00:1::1",
        "2001:0:a00:1::1",
        "fc00::1",
        "fe80::1",
        "fe80::1%eth0",
        "ff02::1",
    ],
)
def test_no_private_local_or_reserved_address_is_public_however_it_is_written(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::8.8.8.8"])
def test_addresses_of_the_internet_are_public(address):
    assert is_public(address)


def resolving_to(*addresses):
    def resolve(host, port, **_options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return resolve


def test_one_private_address_among_public_ones_refuses_the_host():
    with pytest.raises(NotDelivered):
        addresses_of(read_url(URL), resolving_to("8.8.8.8", "10.0.0.1"))
    with pytest.raises(NotDelivered):
        addresses_of(read_url(URL), resolving_to())


def test_what_was_looked_up_is_what_is_connected_to():
    found = addresses_of(read_url("https://hooks.example.com:8443/x"), resolving_to("8.8.8.8"))
    assert found == [(socket.AF_INET, ("8.8.8.8", 8443))]


def test_an_unknown_host_is_not_delivered():
    def nobody(*_arguments, **_options):
        raise socket.gaierror

    with pytest.raises(NotDelivered):
        addresses_of(read_url(URL), nobody)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "http://127.0.0.1.example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https://user:secret@example.com/",
        "https://example.com/#part",
        "https://example.com:99999/",
        "https://[::1/",
        "https://exa mple.com/",
        "https://example.com/\r\nHost: other",
        "https://exämple.com/",
        "example.com",
        "",
        "https://example.com/" + "x" * 500,
    ],
)
def test_what_is_no_plain_https_url_is_refused(url):
    with pytest.raises(InvalidTarget):
        read_target("webhook", url)


@pytest.mark.parametrize("url", ["http://localhost:8000/x", "http://127.0.0.1/", "http://[::1]:9/?a=b"])
def test_http_will_do_on_this_machine(url):
    assert read_target("webhook", url) == url


def test_http_will_do_where_the_operator_says_so(settings):
    settings.ALERT_WEBHOOK_ALLOW_HTTP = True
    assert read_url("http://example.com?a=b").path == "/?a=b"


@pytest.mark.parametrize("address", ["", "a", "a@", "a@b.example\nBcc: c@d.example", "<a@b.example>"])
def test_what_is_no_address_of_e_mail_is_refused(address):
    with pytest.raises(InvalidTarget):
        read_target("email", address)
