"""Sending an alert by e-mail, through whatever Django's mail settings name."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Callable
from contextlib import suppress
from email.utils import parseaddr
from typing import cast

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address

from accounts.transactions import require_no_transaction
from alerts.errors import DeliveryUnclear, NotDelivered
from alerts.letters import Letter

LONGEST_SUBJECT = 150
OK = 250
GO_ON = 354


def send_mail(letter: Letter, hand_over: Callable[[], None]) -> None:
    """Send one letter. `hand_over` is called when all but the closing line is out, which no server takes yet.

    Raises NotDelivered, and DeliveryUnclear if no answer came after that; what `hand_over` raises ends it.
    """
    require_no_transaction()
    if not settings.EMAIL_CONFIGURED:
        raise NotDelivered("EMAIL_URL is not set", everywhere=True)
    backend = get_connection(fail_silently=False)
    message = message_of(letter)
    if isinstance(backend, EmailBackend):
        _send_by_smtp(backend, message, letter.target, hand_over)
        return
    hand_over()
    try:
        backend.send_messages([message])
    except Exception as error:  # whatever a backend of somebody else raises, it had the mail
        raise DeliveryUnclear(f"its mail backend failed: {type(error).__name__}") from error


def message_of(letter: Letter) -> EmailMessage:
    """Return the e-mail; its Message-ID is the same for every attempt."""
    domain = parseaddr(settings.ALERT_EMAIL_FROM)[1].rpartition("@")[2] or "localhost"
    subject = " ".join(letter.title.split())[:LONGEST_SUBJECT]
    return EmailMessage(
        subject=f"[Volatility Balancing] {subject}",
        body=letter.as_text(),
        from_email=settings.ALERT_EMAIL_FROM,
        to=[letter.target],
        headers={
            "Message-ID": f"<alert-{letter.delivery_id}@{domain}>",
            "Auto-Submitted": "auto-generated",
        },
    )


def _send_by_smtp(
    backend: EmailBackend, message: EmailMessage, target: str, hand_over: Callable[[], None]
) -> None:
    content = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]
    try:
        backend.open()
    except (OSError, ValueError) as error:
        raise NotDelivered(f"the mail server can't be used: {_why(error)}", everywhere=True) from None
    smtp = cast(smtplib.SMTP, backend.connection)
    try:
        _send_but_the_end(smtp, message.from_email, target, content)
        hand_over()
        _end(smtp)
    except BaseException:
        smtp.close()  # in the middle of a mail, even a QUIT would be a line of it
        raise
    finally:
        with suppress(OSError):  # what counts has been said
            backend.close()


def _send_but_the_end(smtp: smtplib.SMTP, sender: str, target: str, content: bytes) -> None:
    try:
        smtp.ehlo_or_helo_if_needed()
        _require(OK, smtp.mail(sanitize_address(sender, "utf-8")))
        _require(OK, smtp.rcpt(sanitize_address(target, "utf-8")))
        _require(GO_ON, smtp.docmd("DATA"))
        smtp.send(re.sub(rb"(?m)^\.", b"..", content.rstrip(b"\r\n")) + b"\r\n")
    except OSError as error:
        raise NotDelivered(f"the mail server broke off: {_why(error)}") from None


def _end(smtp: smtplib.SMTP) -> None:
    """Send the line that makes it a mail, and read whether it was taken."""
    try:
        smtp.send(b".\r\n")
        answer = smtp.getreply()
    except OSError as error:
        raise DeliveryUnclear(f"no answer to the mail: {_why(error)}") from None
    _require(OK, answer)


def _require(wanted: int, answer: tuple[int, bytes]) -> None:
    code, text = answer
    if code // 10 != wanted // 10:
        raise NotDelivered(f"the mail server said {code} {text.decode(errors='replace')[:200]}")


def _why(error: Exception) -> str:
    return f"{type(error).__name__} {error}"[:200]
