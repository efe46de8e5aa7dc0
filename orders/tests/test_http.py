"""JSON from a host that may do anything: limited in time and size, never redirected, never repeated."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time

import pytest

from accounts.errors import InsideTransaction
from accounts.transactions import unit_of_work
from orders.brokers.base import NoAnswer
from orders.brokers.http import LARGEST_ANSWER, JsonHttp
from orders.tests.rough_server import answers, serving
from volbal.fields import JsonNumber

# Signed by itself for 127.0.0.1: good for a server, and no reason for anybody to trust it.
CERTIFICATE = """-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgwBJcdU2CiJasJw1S
j2KA1MpiR99LpzrUMx+FOQ9ZT8uhRANCAAQh/VNZIiQ6ecfCihdEMA+WNSBEonrE
E1vfelSdwJEylvjL0eoxZkMIZrcXYC+J9BQv4miyqmmFlBdqHT+xsx8G
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBjzCCATagAwIBAgIUJmjNzL+Nd9SjPUIYQzpC7uZIQ4YwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyMjE3NTIwNVoYDzIxMjYxMDI5
MTc1MjA1WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQh/VNZIiQ6ecfCihdEMA+WNSBEonrEE1vfelSdwJEylvjL0eoxZkMI
ZrcXYC+J9BQv4miyqmmFlBdqHT+xsx8Go2QwYjAdBgNVHQ4EFgQUUJVJEZUvS7kS
u+vrE1RTY75D0i4wHwYDVR0jBBgwFoAUUJVJEZUvS7kSu+vrE1RTY75D0i4wDwYD
VR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0cAMEQC
IENWQokqelfkjUIhwodTZvXmHKQEL1v49U/zjlmwZofeAiAqRRCCyXRNXGFhf47Q
dcPNBiyHgoh3TKnFAGX9QOPwOQ==
-----END CERTIFICATE-----
"""
JSON = {"Content_Type": "application/json"}
ABORT = struct.pack("ii", 1, 0)


def raw(answer):
    return lambda connection: connection.sendall(answer)


def call(manner, method="GET", body=None, timeout_s=5.0, tls=None, **options):
    with serving(manner, tls) as (url, requests):
        try:
            return JsonHttp(url, timeout_s=timeout_s, **options).call(method, "/x?a=b", body), requests
        finally:
            assert len(requests) <= 1  # never repeated by itself


def test_json_goes_out_and_comes_back_with_its_numbers_as_text():
    manner = answers("201 Created", b'{"qty": 1.10, "big": 123456789012345678901}', **JSON)

    reply, requests = call(manner, "POST", {"qty": "1.1"}, headers={"X-Key": "k"})

    assert (reply.status, reply.body) == (201, {"qty": "1.10", "big": "123456789012345678901"})
    assert isinstance(reply.body["qty"], JsonNumber)
    head, _, body = requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /x?a=b HTTP/1.1\r\n")
    assert b"X-Key: k" in head
    assert json.loads(body) == {"qty": "1.1"}


@pytest.mark.parametrize("status", ["400 Bad", "404 Not Found", "409 Conflict", "422 No", "429 Slow"])
def test_a_refusal_in_json_is_an_answer(status):
    reply, _ = call(answers(status, b'{"error": "no"}'))

    assert (reply.status, reply.body) == (int(status[:3]), {"error": "no"})


@pytest.mark.parametrize(
    "manner",
    [
        answers("500 Oops", b"{}"),
        answers("502 Bad Gateway", b"<html>"),
        answers("504 Gateway Timeout", b"{}"),
        answers("301 Moved", b"{}", Location="http://127.0.0.1:1/"),
        answers("302 Found", b"{}", Location="/elsewhere"),
        answers("200 OK", b"<html>Please log in</html>"),
        answers("404 Not Found", b"<html>nginx</html>"),
        answers("200 OK", b""),
        answers("200 OK", b'{"a": NaN}'),
        answers("200 OK", b'{"a": 1, "a": 2}'),
        answers("200 OK", b"\xff\xfe"),
        answers("200 OK", b"[" * 100_000),
        answers("200 OK", b"{}", Content_Length="100"),
        answers("200 OK", b"{}" + b" " * LARGEST_ANSWER),
        answers("999 Odd", b"{}"),
        raw(b"SSH-2.0-OpenSSH_9\r\n"),
        raw(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 5000 + b"\r\n{}"),
        raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000),
        raw(b""),
        lambda connection: connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT),
    ],
)
def test_anything_else_is_no_answer(manner):
    with pytest.raises(NoAnswer):
        call(manner)


def test_an_answer_that_promises_no_content_has_none():
    reply, _ = call(answers("204 No Content", b""))

    assert (reply.status, reply.body) == (204, None)


def test_the_largest_answer_is_still_taken():
    reply, _ = call(answers("200 OK", b"{}" + b" " * (LARGEST_ANSWER - 2)))

    assert reply.body == {}


def silent(connection):
    time.sleep(3)


def drip_a_head(connection):
    for letter in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}":
        connection.sendall(bytes([letter]))
        time.sleep(0.1)


def drip_a_body(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n")
    for _ in range(30):
        connection.sendall(b" ")
        time.sleep(0.1)


def drip_chunks(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(30):
        connection.sendall(b"1\r\n \r\n")
        time.sleep(0.1)


@pytest.mark.parametrize("manner", [silent, drip_a_head, drip_a_body, drip_chunks])
def test_patience_ends_also_with_one_who_goes_on_talking(manner):
    began, threads = time.monotonic(), threading.active_count()

    with pytest.raises(NoAnswer):
        call(manner, timeout_s=0.5)

    assert time.monotonic() - began < 2
    assert threading.active_count() <= threads + 2  # the server's own


@pytest.mark.any_database
def test_nobody_there_is_no_answer():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NoAnswer, match="refused"):
        JsonHttp(f"http://127.0.0.1:{port}").call("GET", "/")


@pytest.mark.any_database
def test_a_host_that_does_not_take_the_connection_is_given_up():
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        began = time.monotonic()
        with pytest.raises(NoAnswer):
            JsonHttp(f"http://127.0.0.1:{address[1]}", timeout_s=0.4).call("GET", "/")
        assert time.monotonic() - began < 2
        for one in waiting:
            one.close()


@pytest.mark.parametrize("url", ["", "ftp://127.0.0.1/", "127.0.0.1:80", "file:///etc/passwd"])
def test_without_an_address_nobody_is_asked(url):
    with pytest.raises(NoAnswer, match="not set"):
        JsonHttp(url).call("GET", "/")


def server_tls(folder):
    (folder / "server.pem").write_text(CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_said(tmp_path):
    with (
        serving(answers("200 OK", b"{}"), server_tls(tmp_path)) as (url, requests),
        pytest.raises(NoAnswer, match="certificate"),
    ):
        JsonHttp(url).call("POST", "/orders", {"secret": "x"})
    assert requests in ([], [b"\r\n\r\n"])


@pytest.mark.any_database
def test_over_tls_patience_ends_too(tmp_path, monkeypatch):
    tls = server_tls(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))  # this once it is vouched for
    assert call(answers("200 OK", b'{"a": "b"}'), tls=tls)[0].body == {"a": "b"}
    began = time.monotonic()

    for manner in (silent, drip_a_body):
        with pytest.raises(NoAnswer):
            call(manner, timeout_s=0.5, tls=tls)

    assert time.monotonic() - began < 3


@pytest.mark.any_database
def test_a_handshake_that_never_ends_is_given_up():
    with serving(silent) as (url, _), pytest.raises(NoAnswer):
        JsonHttp(url.replace("http:", "https:"), timeout_s=0.4).call("GET", "/")


@pytest.mark.django_db(transaction=True)
def test_nothing_is_said_while_a_transaction_is_open():
    with serving(answers("200 OK", b"{}")) as (url, requests):
        with unit_of_work(), pytest.raises(InsideTransaction):
            JsonHttp(url).call("GET", "/")
        assert requests == []
