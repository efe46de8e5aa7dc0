"""What each code of a problem means and what to do: the words of /problems/ and of the API document."""

from __future__ import annotations

from typing import NamedTuple


class Text(NamedTuple):
    """One code: the HTTP status it comes with, a title, what happened, and what to do."""

    status: int
    title: str
    meaning: str
    remedy: str


PROBLEMS: dict[str, Text] = {
    # The request itself can't be read.
    "bad-request": Text(
        400,
        "The request can't be understood",
        "Something about the request is not as HTTP has it: an unknown host name, far too many parameters, "
        "or a connection that broke off.",
        "Check the address and the headers. Nothing was done.",
    ),
    "malformed-json": Text(
        400,
        "This is not JSON",
        "The body isn't one JSON document in UTF-8. The token NaN, a key that appears twice in one object "
        "and very deep nesting count as well.",
        "Let a JSON library write the body. The detail says where reading stopped. Nothing was done.",
    ),
    "idempotency-key-missing": Text(
        400,
        "This request needs an Idempotency-Key",
        "Orders are only taken with the header Idempotency-Key, so that a request that is sent twice by "
        "mistake is one order.",
        "Send a key that is new for every new order, such as a random UUID, and the same key when you retry.",
    ),
    "idempotency-key-invalid": Text(
        400,
        "This is not an Idempotency-Key",
        "A key has 1 to 255 printable ASCII characters.",
        "Use something short and random, such as a UUID. Nothing was done.",
    ),
    # Who is calling.
    "unauthenticated": Text(
        401,
        "A valid API key is needed",
        "The header Authorization is missing, isn't of the form Bearer vb_..., or names a key that doesn't "
        "exist or was revoked. The API takes no browser login.",
        "Send a key in the header, once. An owner can make a new one with manage.py create_api_key.",
    ),
    "bad-signature": Text(
        401,
        "The signature is wrong",
        "A callback's signature doesn't fit its time and body, or its time is too far from now.",
        "Sign the exact bytes of the body with the shared secret, and check the sender's clock.",
    ),
    "forbidden": Text(
        403,
        "This is not allowed",
        "You are known, but your key lacks the scope, or your role the right, that this needs. Scopes don't "
        "imply each other.",
        "Use a key that has the scope which the detail names.",
    ),
    "not-found": Text(
        404,
        "There is no such thing here",
        "The address is unknown, or nothing with this id belongs to you. Another tenant's things look the "
        "same as things that don't exist.",
        "Check the address and the id. Ids are UUIDs in lower case.",
    ),
    "method-not-allowed": Text(
        405,
        "This address doesn't take that method",
        "The address exists, but not for this HTTP method.",
        "The header Allow lists the methods that it takes.",
    ),
    "payload-too-large": Text(
        413,
        "The request is too large",
        "A body may have 64 KB.",
        "Send less at once. Nothing was done.",
    ),
    "unsupported-media-type": Text(
        415,
        "The body must be application/json",
        "Bodies are JSON in UTF-8, and are sent as Content-Type: application/json.",
        "Set the header. Nothing was done.",
    ),
    # A value that can't be.
    "invalid-number": Text(
        422,
        "This is not a plain decimal number",
        "Numbers are plain ASCII digits, like 150.25: no exponent, no NaN, no underscores or blanks, no "
        "leading plus or zero, no more decimal places than the field keeps.",
        "The list errors points at each field. Round before you send; nothing is rounded here in silence.",
    ),
    "out-of-range": Text(
        422,
        "This value is outside what is allowed",
        "The value is of the right kind, but too small, too large, too long, none of the allowed words, or "
        "given more than once.",
        "The list errors points at each field, and the detail says what is allowed.",
    ),
    "invalid-ticker": Text(
        422,
        "This is not a ticker",
        "A ticker has 1 to 12 letters, digits, points or hyphens; some calls also need prices to be stored "
        "for it.",
        "Check the ticker. manage.py import_history stores prices.",
    ),
    "invalid-config": Text(
        422,
        "These settings can't be used together",
        "A setting is outside its limits, or clashes with another one, perhaps one that is inherited: a "
        "minimum above its maximum, a lot that isn't a multiple of the step.",
        "The detail names the settings. Read the effective settings to see where each one comes from.",
    ),
    "invalid-scopes": Text(
        422,
        "A key can't have these scopes",
        "A key has one or more of the scopes read, trade, broker and admin.",
        "Name at least one of them and nothing else.",
    ),
    "invalid-file": Text(
        422,
        "This file can't be imported",
        "A history file isn't as described: a column, a date or a number is wrong.",
        "The detail names the file and the line. Nothing of it was stored.",
    ),
    "unknown-field": Text(
        422,
        "There is no such field",
        "The body or the query has a field that this call doesn't know. It is refused and not ignored: a "
        "misspelt field could change what a trade does.",
        "Remove or correct the field that the detail names.",
    ),
    "missing-field": Text(
        422,
        "A field is missing",
        "The call can't do without it.",
        "The list errors points at each missing field.",
    ),
    "idempotency-key-reused": Text(
        422,
        "This key belongs to another request",
        "The Idempotency-Key was used before, for another call or with another body.",
        "Use a new key for a new request. To repeat an earlier one, send it unchanged.",
    ),
    # What the books or the rules don't allow.
    "insufficient-cash": Text(
        422,
        "Not enough cash",
        "The cell's cash, less what open orders hold, can't pay for this. Cash never goes below zero.",
        "Deposit cash, ask for less, or wait for open orders to end.",
    ),
    "insufficient-shares": Text(
        422,
        "Not enough shares",
        "The cell's shares, less what open orders hold, don't cover this. Shares never go below zero.",
        "Ask for less, or wait for open orders to end.",
    ),
    "guardrail-breach": Text(
        422,
        "This would leave the guardrails",
        "After this trade, commission paid, stock would be too small or too large a share of the cell.",
        "Ask for less, or change the guardrails.",
    ),
    "daily-order-cap": Text(
        422,
        "No more orders today",
        "The cell has had as many orders as it may have on one trading day in New York.",
        "Try again on the next trading day, or raise max_orders_per_day.",
    ),
    "daily-notional-cap": Text(
        422,
        "Traded enough today",
        "What the cell has traded and holds for open orders has reached its limit for one trading day.",
        "Try again on the next trading day, or raise max_daily_notional.",
    ),
    "below-min": Text(
        422,
        "Too small to trade",
        "The order is below the cell's minimum quantity or value.",
        "Ask for more, or lower min_qty or min_notional.",
    ),
    "overfill": Text(
        422,
        "More was executed than was ordered",
        "The execution exceeds what is open of the order.",
        "Check the report. If it is true, an owner corrects the books with an adjustment.",
    ),
    "stale-quote": Text(
        422,
        "There is no fresh price",
        "The newest price is too old to decide on, or none can be fetched.",
        "Try again when the feed delivers. The page Health shows feeds.",
    ),
    "outlier-quote": Text(
        422,
        "This price needs a second sighting",
        "The price jumped further than this share usually moves, and wasn't seen a second time yet.",
        "Wait for the next quote; if the price is real, it will be confirmed.",
    ),
    "split-suspected": Text(
        422,
        "This looks like a split",
        "The price jumped by about a common split ratio, and no split is known.",
        "Record the split if there was one; otherwise the next quotes will tell.",
    ),
    "invalid-target": Text(
        422,
        "Alerts can't be sent there",
        "An alert's target is an e-mail address, or the https address of a host that may be reached.",
        "Correct the address; the detail says what is wrong with it.",
    ),
    "alert-not-delivered": Text(
        422,
        "The alert was not taken",
        "The mail server or the webhook refused an alert. It is sent again, ever less often.",
        "See to it that the target takes it; the admin lists what waits to be delivered.",
    ),
    "not-due": Text(
        422,
        "The pay date has not come",
        "A dividend is paid on its pay date in New York, not before. Until then it is owed.",
        "Send the request again on or after the pay date; the next morning pays it by itself.",
    ),
    "market-closed": Text(
        422,
        "The market is closed",
        "The exchange isn't open, and the cell doesn't trade after hours.",
        "Try again during the session.",
    ),
    # What already happened stands against it.
    "order-open": Text(
        409,
        "An order of this position is still open",
        "A cell has at most one open order, and can't be closed with one.",
        "Wait for the order to end, or cancel it.",
    ),
    "account-in-use": Text(
        409,
        "The account is in use",
        "A tenant connects one account at each broker, an account is one tenant's, and it stays connected "
        "while an order is open there.",
        "Disconnect the account that is connected, or wait for the end of the order, or cancel it.",
    ),
    "no-credentials-key": Text(
        409,
        "Logins can't be kept here yet: the operator sets CREDENTIALS_KEYS",
        "The login of an account at a broker is only kept encrypted, and there is no key for that.",
        "The operator sets CREDENTIALS_KEYS; see the handbook about brokers, under Keys.",
    ),
    "illegal-transition": Text(
        409,
        "It can't go there from its status",
        "An order that is finished can't be filled or cancelled; a cell that is closed stays closed.",
        "Read the order or the cell again to see its status.",
    ),
    "execution-conflict": Text(
        409,
        "This execution id was reported with other values",
        "An execution is booked once. This report differs from the one that was booked, so nothing was "
        "booked, the report was kept, and the cell was paused.",
        "Compare both with the broker's statement, then resume the cell.",
    ),
    "history-conflict": Text(
        409,
        "This dividend or split is stored with other values",
        "One of the same ticker and date is there already and says something else.",
        "Compare both. What is stored stays.",
    ),
    "bar-conflict": Text(
        409,
        "A stored bar has other values",
        "A price of the same ticker and day is there already and is different.",
        "Compare both. What is stored stays.",
    ),
    "settings-changed": Text(
        409,
        "These settings were changed meanwhile",
        "Somebody else changed them after you were shown them; yours were not saved over theirs.",
        "Look at the values that hold now, then save yours if you still want to.",
    ),
    "trading-halted": Text(
        409,
        "Trading is halted",
        "A person, or a failed check of the books, has stopped trading here.",
        "Find out why. Only a person can lift a halt, and gives a reason.",
    ),
    "position-paused": Text(
        409,
        "The position is paused",
        "It waits for a person: somebody paused it, or something happened to it that needs a look.",
        "Read its history, then resume it.",
    ),
    "idempotency-in-progress": Text(
        409,
        "This request is still running",
        "A request under the same Idempotency-Key has not ended yet.",
        "Send it again, unchanged, after the seconds in the header Retry-After.",
    ),
    "invitation-used": Text(
        409,
        "This invitation can't be used",
        "Somebody joined with it already, it was withdrawn, or it is more than seven days old.",
        "Ask an owner of the account for a new one.",
    ),
    "last-owner": Text(
        409,
        "Somebody must stay owner",
        "The member is the only owner, and without one nobody could change settings, keys or members.",
        "Make another member owner first.",
    ),
    "idempotency-key-expired": Text(
        409,
        "The answer to this request is no longer kept",
        "The key was used so long ago that its answer is gone. It is never acted on again.",
        "See what the request did, then use a new key.",
    ),
    # Not now.
    "rate-limited": Text(
        429,
        "Too many requests",
        "The key has made as many requests as it may in this minute.",
        "Wait for the seconds in the header Retry-After.",
    ),
    "internal-error": Text(
        500,
        "Something went wrong here",
        "This is a mistake in the program, and it is in the log.",
        "Tell whoever runs the system the request's id. A request with an Idempotency-Key can be repeated.",
    ),
    "unavailable": Text(
        503,
        "A part of the system is down",
        "The database is busy, full or away, or a part that is needed doesn't answer. Nothing was changed.",
        "Send the request again, unchanged and under the same Idempotency-Key, after the seconds in the "
        "header Retry-After.",
    ),
}
