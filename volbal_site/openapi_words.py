"""What the OpenAPI document says in words: of the API, of each call, of parameters and fields.

A call that is missing here fails test_api_document.py: give it a line in CALLS.
"""

from __future__ import annotations

from typing import NamedTuple


class Call(NamedTuple):
    """One call: what it does, the refusals of its own (the general ones follow from its form), its key."""

    text: str
    codes: tuple[str, ...] = ()
    key_required: bool = False


ABOUT = """\
Hold a share with some cash beside it: sell a little when it has risen far enough, buy a little when it
has fallen far enough, and never leave the guardrails on how much of the holding may be stock. One such
holding is a *cell*, or position. Everything that is decided, and why, is kept for ever and can be
recomputed.

**Numbers** are decimals, answered as plain strings (`"150.25"`, `"100"`) and taken as strings or JSON
numbers, read digit by digit and never rounded in silence. Names say the unit: `*_pct` is percent points,
`*_rate` and `*_ratio` are fractions, `*_bps` basis points, `*_at` a time in UTC, `*_date` a date. Money
is in US dollars.

**Keys** are sent as `Authorization: Bearer vb_...`. The API takes no browser login. Another tenant's
things look the same as things that don't exist.

**Twice is once.** Every POST takes an `Idempotency-Key`; the same request under the same key has one
effect and one answer, also after a crash. Orders need one. A refusal that depends on the state of the
books is kept too.

**Refusals** are `application/problem+json`; their `type` leads to a page that explains the code. Unknown
fields and parameters are refused, not ignored. 503 means that nothing was changed and that the same
request may be sent again after `Retry-After` seconds; 500 (`internal-error`) would be a mistake of ours.

**Lists** answer `{"items", "count"}` and take `limit` and `offset`; a history takes a `cursor` instead.
"""

TAGS = {
    "positions": "Cells: shares of one ticker, the cash beside them, and their history.",
    "orders": "Evaluating a cell, its orders, and what brokers report of them.",
    "settings": "Thresholds, guardrails and order policy, and where each value comes from.",
    "trading": "The kill switch.",
    "dividends": "Dividends and splits.",
    "market": "Sessions and prices.",
    "performance": "What it is worth, and against just holding.",
    "simulations": "The same rules over past prices.",
    "exports": "Tables for spreadsheets.",
    "health": "For load balancers and people on call.",
}

_CELL = ("illegal-transition",)
_RUN = ("invalid-ticker", "invalid-config", "not-found")
_TABLES = {
    "positions": "The cells as they are now; `from` and `to` are days of opening.",
    "trades": "Every execution; `from` and `to` are days of execution.",
    "events": "Everything that happened, in words; without inputs and outputs.",
    "journal": "Every change of cash, shares and receivables, with the balances after it.",
    "dividends": "What each cell got from each dividend, gross, tax and net; `from` and `to` are ex-dates.",
}
_FILES = {
    "csv": "UTF-8, titles first. A text that a spreadsheet would take for a formula begins with `'`.",
    "xlsx": "Numbers are numbers, times are in UTC, text is never a formula.",
}

CALLS: dict[tuple[str, str], Call] = {
    ("GET", "/v1/healthz"): Call("Says whether the process answers and reaches its database."),
    ("GET", "/v1/readyz"): Call(
        "Says whether everything is well that trading stands on: the database, the cache, the triggers that "
        "guard history, applied migrations. A 503 names what fails."
    ),
    ("GET", "/v1/positions"): Call(
        "Lists the tenant's cells, oldest first, of one ticker or one status if asked for.",
        ("invalid-ticker",),
    ),
    ("POST", "/v1/positions"): Call(
        "Opens a cell with shares and cash that are there already. Without an anchor price it waits until "
        "one is set. Two cells of one ticker are allowed.",
        ("invalid-ticker",),
    ),
    ("GET", "/v1/positions/{position_id}"): Call("Reads one cell as it is now."),
    ("PATCH", "/v1/positions/{position_id}"): Call(
        "Pauses, resumes or closes a cell, or changes its broker or withholding tax rate; what isn't named "
        "stays. A closed cell is history, and one with an open order can't be closed.",
        (*_CELL, "order-open"),
    ),
    ("POST", "/v1/positions/{position_id}/anchor"): Call(
        "Sets the anchor: the price from which the next trade's thresholds are counted.", _CELL
    ),
    ("POST", "/v1/positions/{position_id}/cash"): Call(
        "Deposits cash into a cell, or withdraws it if the amount is negative. What open orders hold can't "
        "be withdrawn.",
        (*_CELL, "insufficient-cash"),
    ),
    ("POST", "/v1/positions/{position_id}/adjustments"): Call(
        "Corrects a cell's books: dollars, shares or both, in or out, for a reason that is kept. A wrongly "
        "reported fill is put right by its reverse.",
        (*_CELL, "insufficient-cash", "insufficient-shares"),
    ),
    ("POST", "/v1/positions/{position_id}/evaluate"): Call(
        "Decides whether to trade now, records why, and orders if so. With `price` it decides on that price, "
        "without on the market's. A paper order is filled at once, so the answer shows the fill; an order "
        "for a broker over the network is `new` and sent right after. A real broker takes a given `price` "
        "only within 2 % of a fresh one of the market. With `dry_run=true` nothing is saved: `event_id` and "
        "`order` are null.",
        (*_CELL, "invalid-config", "stale-quote"),
    ),
    ("GET", "/v1/positions/{position_id}/events"): Call(
        "Reads why things happened to a cell, newest first, of one type if asked for. Pass `next` as "
        "`cursor` to read on; null is the end."
    ),
    ("GET", "/v1/positions/{position_id}/events/{event_id}/replay"): Call(
        "Makes a recorded decision again from what was recorded with it, and compares the two."
    ),
    ("GET", "/v1/positions/{position_id}/config"): Call(
        "Reads every setting that holds for a cell and the scope it comes from, with warnings about settings "
        "that can never trade."
    ),
    ("PUT", "/v1/positions/{position_id}/config"): Call(
        "Sets a cell's own settings: those that are named are set, null inherits again, `none` is no limit, "
        "the rest stays. Answers what then holds.",
        (*_CELL, "invalid-config"),
    ),
    ("GET", "/v1/positions/{position_id}/orders"): Call("Lists a cell's orders, newest first."),
    ("POST", "/v1/positions/{position_id}/orders"): Call(
        "Orders by hand: the whole quantity or nothing, by the same guardrails, caps and minimums as the "
        "system's own orders. With `price` it is decided on that price, without on the market's, for the "
        "broker `manual` on the anchor. A paper order is filled at once.",
        (
            *_CELL,
            *("trading-halted", "position-paused", "order-open", "market-closed", "stale-quote"),
            *("outlier-quote", "split-suspected", "insufficient-cash", "insufficient-shares"),
            *("guardrail-breach", "daily-order-cap", "daily-notional-cap", "below-min", "invalid-config"),
        ),
        key_required=True,
    ),
    ("GET", "/v1/trading"): Call(
        "Lists the switches that were ever turned: everyone's, the tenant's, its cells'. The strictest one "
        "holds."
    ),
    ("POST", "/v1/trading/halt"): Call(
        "Stops trading at once, of the tenant or of one cell: all of it (`HALTED`) or all buying "
        "(`REDUCING`). Cancelling and reporting executions go on.",
        ("not-found",),
    ),
    ("POST", "/v1/trading/unhalt"): Call(
        "Lets trading go on, of the tenant or of one cell, with a reason. A stop at another scope stays.",
        ("not-found",),
    ),
    ("GET", "/v1/orders"): Call("Lists the orders of all the tenant's cells, newest first."),
    ("GET", "/v1/orders/{order_id}"): Call("Reads one order as it is now."),
    ("POST", "/v1/orders/{order_id}/cancel"): Call(
        "Cancels an order that is open, and frees the cash or shares that it held. One that a broker may "
        "have is `cancel_pending` until the broker has said what became of it.",
        _CELL,
    ),
    ("POST", "/v1/orders/{order_id}/fill"): Call(
        "Reports one execution. It is booked once by its `execution_id`, in whatever order and however often "
        "it is delivered. The same id with other values is kept but not booked, and pauses the cell.",
        (*_CELL, "execution-conflict", "overfill", "insufficient-cash", "insufficient-shares"),
    ),
    ("GET", "/v1/performance"): Call(
        "Tells how all cells did, together and one by one: what they are worth, against just holding what "
        "they began with, gains, fees, dividends, and the values in time. Figures run from the opening until "
        "now; `from` and `to` only cut the curve.",
    ),
    ("GET", "/v1/positions/{position_id}/performance"): Call(
        "Tells how one cell did: what it is worth, against just holding what it began with, gains, fees, "
        "dividends, and its values in time. Figures run from the opening until now; `from` and `to` only cut "
        "the curve.",
    ),
    ("POST", "/v1/histories"): Call(
        "Keeps past prices for runs: the text of CSV files as `manage.py import_history` takes them. What is "
        "wrong in them is named by file and line. Larger ones than a body holds are taken on the pages.",
        ("invalid-ticker", "invalid-file"),
    ),
    ("POST", "/v1/simulations"): Call(
        "Runs the rules over past prices, from shares and cash that are made up: nothing is traded, so "
        "reading is all that a key must be allowed to do. A worker makes the run; read it again until its "
        "status is `done`.",
        _RUN,
    ),
    ("GET", "/v1/simulations"): Call("Lists the tenant's runs, newest first, without what they came to."),
    ("GET", "/v1/simulations/{simulation_id}"): Call(
        "Reads a run: how far it is, and once it is done its figures, trades and values, against just "
        "holding the same start."
    ),
    ("POST", "/v1/simulations/{simulation_id}/cancel"): Call("Ends a run; one that is over stays as it is."),
    ("POST", "/v1/optimizations"): Call(
        "Tries every setting of a grid, 20,000 at most, over past prices: a list of values for each field "
        "that is to differ. `train_pct` percent of the days choose the best one and the rest judge it; "
        "`folds` is how often choosing and judging is repeated walking forward. Workers share the settings.",
        _RUN,
    ),
    ("GET", "/v1/optimizations"): Call(
        "Lists the tenant's optimizations, newest first, with their verdicts."
    ),
    ("GET", "/v1/optimizations/{optimization_id}"): Call(
        "Reads an optimization: how far it is, its verdict, and a page of the settings tried so far, the "
        "best first as `rank_by` has it."
    ),
    ("POST", "/v1/optimizations/{optimization_id}/cancel"): Call(
        "Ends an optimization; what was tried stays, one that is over stays as it is."
    ),
    **{
        ("GET", f"/v1/exports/{table}.{format_}"): Call(f"{text} {_FILES[format_]}", ("not-found",))
        for table, text in _TABLES.items()
        for format_ in _FILES
    },
    ("GET", "/v1/dividends"): Call(
        "Lists the dividends that the tenant announced and those known to everybody, the latest first.",
        ("invalid-ticker",),
    ),
    ("POST", "/v1/dividends/announce"): Call(
        "Announces a cash dividend for the tenant's cells. From its ex-date on, at once if that is past, the "
        "anchor goes down by the dividend and each cell is owed its share after tax. The same announcement "
        "again changes nothing.",
        ("invalid-ticker", "history-conflict", "order-open"),
    ),
    ("POST", "/v1/dividends/pay"): Call(
        "Pays the tenant's cells what one dividend still owes them, and answers what was paid just now. "
        "Without this it is paid on the morning of the pay date.",
        ("not-found", "not-due"),
    ),
    ("GET", "/v1/dividends/receivables"): Call(
        "Lists what dividends owe, or owed and paid, the tenant's cells, the latest ex-date first.",
        ("not-found",),
    ),
    ("POST", "/v1/splits"): Call(
        "Announces a split for the tenant's cells: shares are multiplied, the anchor is divided, open orders "
        "are cancelled, on its date or at once if that is past; one that a broker may have must be cancelled "
        "first. The same announcement again changes nothing.",
        ("invalid-ticker", "history-conflict", "order-open"),
    ),
    ("GET", "/v1/commissions"): Call(
        "Lists the commission rates that are set: everybody's (GLOBAL), the tenant's, then by ticker."
    ),
    ("PUT", "/v1/commissions"): Call(
        "Sets the tenant's commission rate, or the one for a ticker; null inherits again. The GLOBAL rate is "
        "the operator's.",
        ("invalid-ticker", "invalid-config"),
    ),
    ("GET", "/v1/market/status"): Call(
        "Says whether the exchange trades, now or `at` a time, and describes the session under way or else "
        "the next one."
    ),
    ("GET", "/v1/market/quotes"): Call(
        "Reads the newest prices of up to 500 tickers. A ticker without one is absent.", ("invalid-ticker",)
    ),
}

# Name of a parameter, after its call where calls differ: what it is, and an example.
PARAMETERS: dict[str, tuple[str, object]] = {
    "position_id": ("The cell's id.", "0b9c6f0e-6c1d-4a36-9d43-2f7f1f0e4c55"),
    "event_id": ("The event's id.", "5a7d1c7e-9a0f-4f5e-8f0b-3f4f0a3f9f10"),
    "order_id": ("The order's id.", "c2f4a1de-53a7-4b1c-9e0a-8d2b7c6e1f20"),
    "simulation_id": ("The run's id.", "3f1e0c52-8a77-4a57-9b7a-0c4b3d2e1f60"),
    "optimization_id": ("The optimization's id.", "9d8c7b6a-5f4e-4d3c-8b2a-1f0e9d8c7b6a"),
    "limit": ("How many at most.", 100),
    "offset": ("How many to pass over.", 0),
    "cursor": ("Where to read on: `next` of the page before.", "41"),
    "ticker": ("Only this ticker.", "IBM"),
    "status": ("Only this status.", "active"),
    "type": ("Only events of this type.", "order_filled"),
    "price": ("The price to decide on, in dollars per share; without it, the market's.", "104"),
    "from": ("The first day, a date in New York.", "2024-01-02"),
    "to": ("The last day, a date in New York.", "2024-12-31"),
    "GET /v1/dividends/receivables position_id": (
        "Only this cell's.",
        "0b9c6f0e-6c1d-4a36-9d43-2f7f1f0e4c55",
    ),
    "GET /v1/dividends/receivables status": ("Only those still owed, or those paid.", "pending"),
    "at": ("A time with its zone; without it, now.", "2024-01-08T16:00:00Z"),
    "tickers": ("Separated by commas, 500 at most.", "IBM,MSFT"),
    "dry_run": ("Only say what would be done; nothing is saved.", True),
}

# Name of a field: what it is, wherever it occurs.
FIELDS = {
    "ticker": "The share's symbol.",
    "qty": "Shares, at most 8 decimal places.",
    "cash": "Dollars, at most 6 decimal places.",
    "anchor_price": "The price, in dollars per share, from which thresholds are counted; null waits for one.",
    "dividend_receivable": "Dollars of dividends, after tax, that are owed and not paid yet.",
    "effective_cash": "Cash and dividends receivable, in dollars: what a trade is sized with.",
    "reserved_cash": "Dollars that an open order holds.",
    "reserved_qty": "Shares that an open order holds.",
    "withholding_tax_rate": "The fraction of a dividend withheld as tax; null takes the dividend's own.",
    "broker": "Who executes: paper fills at once, manual waits for a person to report.",
    "created_at": "When it was made.",
    "updated_at": "When it last changed.",
    "price": "Dollars per share, at most 6 decimal places.",
    "amount": "Dollars, at most 6 decimal places; negative withdraws.",
    "actor": "Who caused it: `key:` and a key's public id, a user, or a part of the system.",
    "request_id": "The id of the request that caused it.",
    "message": "What happened, in one sentence.",
    "inputs": "Everything it was decided from.",
    "outputs": "What came of it.",
    "seq": "Its number in the chain of this cell's events.",
    "raw_qty": "The size by the formula, before limits and rounding, in shares.",
    "notional": "Shares times price, in dollars.",
    "commission": "Dollars.",
    "commission_rate": "Commission as a fraction of the notional.",
    "stock_pct_before": "Percent of the cell in stock, before the trade.",
    "stock_pct_after": "Percent of the cell in stock, after the trade and its commission.",
    "binding_limit": "The limit that decided the size.",
    "buy_at": "The nearest price below at which it would buy; null if there is none.",
    "sell_at": "The nearest price above at which it would sell; null if there is none.",
    "explanation": "The decision in one sentence, with its numbers.",
    "is_real": "Whether a real market said so.",
    "as_of": "When the price was true.",
    "source": "Who said so.",
    "client_order_id": "The id under which the broker knows the order.",
    "filled_qty": "Shares executed so far.",
    "avg_fill_price": "Dollars per share, over all executions so far.",
    "execution_id": "The broker's id of the execution, 1 to 120 printable ASCII characters.",
    "executed_at": "When it was executed, with a time zone; without it, now.",
    "scope": "Where the value comes from: GLOBAL, TENANT or POSITION.",
    "count": "How many there are in all.",
    "value": "Dollars: shares at the price, cash and dividends receivable; null if nobody knows a price.",
    "hold_value": "Dollars that just holding would be worth, with the same deposits and withdrawals.",
    "value_minus_hold": "Dollars that trading added.",
    "contributed": "Dollars that came from outside, shares at what they were worth, less what left.",
    "gain": "Value less what was contributed, in dollars.",
    "cost": "What the shares held cost, in dollars, by the average-cost method.",
    "realised_gain": "Dollars that sales brought above the average cost of the shares sold.",
    "unrealised_gain": "Dollars that the shares held are worth above their cost.",
    "fees": "All commissions paid, in dollars.",
    "traded_notional": "Dollars bought and sold, without commissions.",
    "days_evaluated": "Days with a decision on a price.",
    "inside_guardrails_pct": "Percent of these days that ended between the guardrails.",
    "unpriced": "The cells whose shares nobody knows a price of; sums with them are null.",
    "ex_date": "Who holds the share before this day gets the dividend.",
    "pay_date": "The day on which the dividend becomes cash.",
    "dps": "Dollars per share.",
    "shares": "Shares held before the ex-date.",
    "gross": "Dollars before tax.",
    "tax": "Dollars withheld.",
    "rate": "Commission as a fraction of the notional: 0.0001 is one basis point.",
    "new_shares": "So many shares after, for each `old_shares` before.",
    "old_shares": "So many shares before.",
    "reason": "Why, in a few words.",
    "state": "ACTIVE trades, REDUCING only sells, HALTED neither.",
    "session": "A trading day in New York.",
    "half_day": "Whether it closes at 13:00 in New York.",
    "bars": "The file of daily bars: date,open,high,low,close,volume.",
    "splits": "The file of splits: date,new_shares,old_shares.",
    "first_date": "The first day, a date in New York; of a run, that of its first bar.",
    "last_date": "The last day, inclusive.",
    "fill": "close fills at the close that was decided on, next_open at the next session's open.",
    "settings": "Settings by group; those that aren't named are the defaults.",
    "history_id": "A history brought along; without it the stored or bundled one counts.",
    "grid": "Settings by field, each with the values to try.",
    "rank_by": "The figure that ranks.",
    "train_pct": "Percent of the days that choose; the rest judge.",
    "folds": "How many parts are walked forward.",
    "done": "How many of `total` are done: bars of a run, settings of an optimization.",
    "error": "Why it failed, else empty.",
    "finished_at": "When it ended; null while it is under way.",
    "verdict": "Whether the best setting is more than luck, and why; null until all are tried.",
    "final": "Where it ended: shares, cash, dividends receivable, anchor, value; null until it is done.",
    "metrics": "Figures in dollars, percent points and counts; null has not enough data.",
    "parts": "Figures by part of the history: all, train, test, train_1, test_1, ...",
    "number": "Its number in the grid, from 0.",
    "close": "Dollars per share at the close.",
    "identical": "Whether both are the same to the last digit.",
}
