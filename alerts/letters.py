"""One alert as it goes to one target."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from alerts.models import AlertDelivery
from alerts.signing import webhook_secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """All that sending needs, read before, so that no transaction is open meanwhile.

    Every attempt has the same `delivery_id`, by which a receiver knows a repetition.
    """

    delivery_id: UUID
    alert_id: UUID
    target: str
    secret: str
    kind: str
    title: str
    message: str
    at: datetime
    tenant_id: UUID | None
    position_id: UUID | None
    event_id: UUID | None

    def as_json(self) -> bytes:
        """Return what a webhook is sent, the same bytes every time."""
        content = {
            "id": str(self.delivery_id),
            "alert_id": str(self.alert_id),
            "kind": self.kind,
            "title": self.title,
            "message": self.message,
            "at": self.at.astimezone(UTC).isoformat(timespec="seconds"),
            "tenant_id": _text(self.tenant_id),
            "position_id": _text(self.position_id),
            "event_id": _text(self.event_id),
        }
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()

    def as_text(self) -> str:
        """Return the body of an e-mail."""
        at = self.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        lines = [self.message, "", f"{at}", f"Alert {self.alert_id}"]
        if self.position_id is not None:
            lines.append(f"Position {self.position_id}")
        return "\n".join([*lines, "", "You are sent this because of the alert settings of your account.", ""])


def letter_of(delivery: AlertDelivery) -> Letter:
    """Return the letter of a delivery that was read together with its alert and channel."""
    alert = delivery.alert
    return Letter(
        delivery_id=delivery.pk,
        alert_id=alert.pk,
        target=delivery.target,
        secret="" if delivery.via is None else webhook_secret(delivery.via),
        kind=alert.kind,
        title=alert.title,
        message=alert.message,
        at=alert.at,
        tenant_id=alert.tenant_id,
        position_id=alert.position_id,
        event_id=alert.event_id,
    )


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
