"""What each kind of alert means, and the way out. docs/operations.md says it at length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from alerts.models import AlertKind as K


class Words(NamedTuple):
    """What happened, and what a person can do about it."""

    meaning: str
    way_out: str


ALERT_WORDS: Mapping[str, Words] = {
    K.FILL: Words("An order was executed, in whole or in part.", "Nothing: it is news."),
    K.REFUSAL: Words(
        "A broker refused an order.",
        "Read why. The cell goes on, and may be refused again with the next price.",
    ),
    K.HALT: Words(
        "A switch stopped trading, or purchases: a person did, or a breaker.",
        "Find the cause that the message names. Then an owner resumes trading and says why.",
    ),
    K.PAUSE: Words(
        "A cell was paused: by hand, or because something about it is not as it should be.",
        "Look at what happened to the cell, put it right, then resume it.",
    ),
    K.BREACH: Words(
        "An order left the guardrails further behind than before.",
        "Look why so much was executed, trade or correct by hand, then resume the cell.",
    ),
    K.QUARANTINE: Words(
        "A broker reported an execution that doesn't fit the books; it was not booked.",
        "Compare with the broker's statement, correct the books by an adjustment, then resume the cell.",
    ),
    K.STALE_FEED: Words(
        "A feed of prices has failed again and again. Nothing trades on old prices.",
        "Usually none: it is asked again by itself, and this ends when it answers.",
    ),
    K.PROPOSAL: Words(
        "An order waits for you to execute it.",
        "Execute it with your broker and report the execution, or cancel it. It expires with its session.",
    ),
    K.CHECK: Words(
        "The check of ledger and history found a fault, so everyone's trading is stopped.",
        "The operator keeps a copy, finds the cause with manage.py check_books, and lets trading go on.",
    ),
    K.HEARTBEAT: Words(
        "The worker has fallen silent: nothing is evaluated or sent.",
        "The operator starts it again. What waits goes on by itself.",
    ),
}
