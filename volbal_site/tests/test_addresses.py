"""Where the site is to listen."""

import argparse
import socket

import pytest

from volbal_site.addresses import Address, CannotListen, is_answered, read_address, require_free


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8000", Address("127.0.0.1", 8000)),
        ("localhost:1", Address("localhost", 1)),
        ("0.0.0.0:65535", Address("0.0.0.0", 65535)),  # noqa: S104
        ("[::1]:8000", Address("::1", 8000)),
    ],
)
def test_an_address_is_a_host_and_a_port(text, address):
    assert read_address(text) == address
    assert str(address) == text


@pytest.mark.parametrize(
    "text", ["", "8000", ":8000", "host", "host:", "host:0", "host:65536", "::1:80", "a b:80"]
)
def test_anything_else_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is not HOST:PORT"):
        read_address(text)


def test_an_address_where_somebody_listens_is_not_free():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = Address("127.0.0.1", taken.getsockname()[1])
        with pytest.raises(CannotListen, match="another program listens there"):
            require_free(address)
        assert is_answered(address)

    require_free(address)
    assert not is_answered(address)


@pytest.mark.parametrize("host", ["203.0.113.1", "no-such-host.invalid"])
def test_an_address_of_another_machine_is_not_ours(host):
    with pytest.raises(CannotListen, match="this machine has no such address"):
        require_free(Address(host, 8000))
