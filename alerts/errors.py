"""How sending an alert can end, apart from well."""

from volbal.errors import BadInput, Refused, VolbalError


class InvalidTarget(BadInput):
    """Nothing can be sent there."""

    code = "invalid-target"
    title = "Alerts can't be sent there"


class NotDelivered(Refused):
    """It certainly didn't arrive, so that it can be sent again. `everywhere`: nor would any other."""

    code = "alert-not-delivered"
    title = "The alert was not taken"

    def __init__(self, detail: str, *, everywhere: bool = False) -> None:
        super().__init__(detail)
        self.everywhere = everywhere


class DeliveryUnclear(VolbalError):
    """It was handed over and no answer came: it may have arrived."""


class TakenOver(VolbalError):
    """Another worker has the delivery now; it was not handed over."""
