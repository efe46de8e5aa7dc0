"""`/v1/dividends` and `/v1/splits`, as a program sees them."""

from __future__ import annotations

import uuid
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dividends.models import Split
from dividends.tests.builders import all_written, assert_books_agree, make_dividend
from positions.tests.builders import make_tenant
from volbal_site.tests.api_client import Api, make_key
from volbal_site.tests.dividend_calls import DAY, TODAY, announced, code_of, opened, terms

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return make_tenant("ann")


@pytest.fixture
def api(tenant):
    return Api(make_key(tenant))


@pytest.fixture
def bob():
    return Api(make_key(make_tenant("bob")))


def test_an_announced_dividend_is_answered_with_plain_decimals(api):
    dividend = announced(api, ticker="ibm", dps=0.50, withholding_tax_rate="0.150")

    assert uuid.UUID(dividend.pop("id"))
    assert dividend.pop("created_at")
    assert dividend == {
        "ticker": "IBM",
        "ex_date": TODAY.isoformat(),
        "pay_date": TODAY.isoformat(),
        "dps": "0.5",
        "currency": "USD",
        "withholding_tax_rate": "0.15",
    }


def test_from_announcement_to_cash(api):
    """The day's dates are New York's: a cell opened today takes a dividend of today."""
    path = f"/positions/{opened(api)['id']}"

    dividend = announced(api)

    cell = api.get(path).json()
    assert (cell["anchor_price"], cell["dividend_receivable"]) == ("149.18", "61.5")
    assert (cell["cash"], cell["effective_cash"]) == ("10000", "10061.5")
    [owed] = api.get("/dividends/receivables").json()["items"]
    assert uuid.UUID(owed["id"])
    assert owed["created_at"]
    assert {name: value for name, value in owed.items() if name not in ("id", "created_at")} == {
        "position_id": cell["id"],
        "dividend_id": dividend["id"],
        "shares": "100",
        "gross": "82",
        "tax": "20.5",
        "amount": "61.5",
        "status": "pending",
        "paid_at": None,
    }

    paid = api.post("/dividends/pay", {"dividend_id": dividend["id"]})
    again = api.post("/dividends/pay", {"dividend_id": dividend["id"]})

    [receivable] = paid.json()["paid"]
    assert receivable == {**owed, "status": "paid", "paid_at": receivable["paid_at"]}
    assert receivable["paid_at"]
    assert (paid.status_code, again.status_code, again.json()) == (200, 200, {"paid": []})
    cell = api.get(path).json()
    assert (cell["cash"], cell["dividend_receivable"]) == ("10061.5", "0")
    assert api.get("/dividends/receivables?status=paid").json() == {"items": [receivable], "count": 1}
    assert_books_agree()


@pytest.mark.parametrize("ago", [0, 1, 400])
def test_today_or_past_takes_effect_at_once_and_the_future_does_not(api, ago):
    path = f"/positions/{opened(api)['id']}"

    later = (TODAY + 2 * DAY).isoformat()  # not tomorrow: that may begin in New York while this runs
    announced(api, ex_date=later, pay_date=later, dps="1")
    assert api.get(path).json()["anchor_price"] == "150"

    announced(api, ex_date=(TODAY - ago * DAY).isoformat())
    assert api.get(path).json()["anchor_price"] == "149.18"


def test_paying_before_the_pay_date_is_refused(api):
    path = f"/positions/{opened(api)['id']}"
    dividend = announced(api, pay_date=(TODAY + 2 * DAY).isoformat())
    written = all_written()

    answer = api.post("/dividends/pay", {"dividend_id": dividend["id"]})

    assert (answer.status_code, code_of(answer)) == (422, "not-due")
    assert all_written() == written
    assert api.get(path).json()["cash"] == "10000"


def test_the_same_announcement_again_gets_the_same_answer(api):
    opened(api)
    first = announced(api)
    written = all_written()

    assert announced(api, dps="0.820") == first
    assert all_written() == written


def test_other_values_are_a_conflict(api):
    opened(api)
    announced(api)
    written = all_written()

    answer = api.post("/dividends/announce", terms(dps="0.83"))

    assert (answer.status_code, code_of(answer)) == (409, "history-conflict")
    assert all_written() == written


def test_a_split_is_answered_and_applied(api):
    path = f"/positions/{opened(api, anchor_price='100')['id']}"
    body = {"ticker": "ibm", "date": TODAY.isoformat(), "new_shares": 3, "old_shares": "2"}

    answer = api.post("/splits", body)

    split = answer.json()
    assert (answer.status_code, uuid.UUID(split.pop("id"))) == (201, Split.objects.get().pk)
    assert split.pop("created_at")
    assert split == {"ticker": "IBM", "date": TODAY.isoformat(), "new_shares": 3, "old_shares": 2}
    cell = api.get(path).json()
    assert (cell["qty"], cell["anchor_price"]) == ("150", "66.666667")
    written = all_written()
    assert api.post("/splits", body).content == answer.content
    other = api.post("/splits", {**body, "new_shares": 2, "old_shares": 1})
    assert (other.status_code, code_of(other)) == (409, "history-conflict")
    assert all_written() == written


def test_a_split_cancels_open_orders(api):
    cell = opened(api, anchor_price="100", broker="manual")
    order = api.post(f"/positions/{cell['id']}/evaluate?price=104").json()["order"]

    api.post("/splits", {"ticker": "IBM", "date": TODAY.isoformat(), "new_shares": 2, "old_shares": 1})

    assert api.get(f"/orders/{order['id']}").json()["status"] == "cancelled"
    after = api.get(f"/positions/{cell['id']}").json()
    assert (after["qty"], after["reserved_qty"]) == ("200", "0")
    assert_books_agree()


def test_the_list_shows_the_tenants_own_first_then_everybodys_and_no_other_tenants(api, tenant):
    make_dividend("3", ex_date=date(2024, 1, 16), owner=make_tenant("bob"))
    everybodys = make_dividend("2", ex_date=date(2024, 1, 16))
    own = make_dividend("1", ex_date=date(2024, 1, 16), owner=tenant)
    msft = make_dividend("1", ex_date=date(2024, 1, 16), ticker="MSFT")
    newest = make_dividend("1", ex_date=date(2024, 1, 17))

    answer = api.get("/dividends").json()

    assert [item["id"] for item in answer["items"]] == [str(d.pk) for d in (newest, own, everybodys, msft)]
    assert answer["count"] == 4
    assert [d["dps"] for d in api.get("/dividends?ticker=msft").json()["items"]] == ["1"]
    assert api.get("/dividends?limit=1&offset=1").json() == {"items": [answer["items"][1]], "count": 4}
    assert api.get("/dividends").json()["items"][1] == {
        "id": str(own.pk),
        "ticker": "IBM",
        "ex_date": "2024-01-16",
        "pay_date": "2024-02-01",
        "dps": "1",
        "currency": "USD",
        "withholding_tax_rate": None,
        "created_at": answer["items"][1]["created_at"],
    }


def test_an_announced_dividend_is_listed_as_it_was_answered(api):
    dividend = announced(api)

    assert api.get("/dividends").json() == {"items": [dividend], "count": 1}


def test_receivables_are_filtered_by_cell_and_status(api):
    first, second = opened(api), opened(api)
    yesterday = announced(api, ex_date=(TODAY - DAY).isoformat())
    announced(api)
    api.post("/dividends/pay", {"dividend_id": yesterday["id"]})

    def found(query):
        items = api.get(f"/dividends/receivables{query}").json()["items"]
        return [(item["position_id"], item["status"]) for item in items]

    assert found("") == [
        (first["id"], "pending"),
        (second["id"], "pending"),
        (first["id"], "paid"),
        (second["id"], "paid"),
    ]
    assert found(f"?position_id={second['id']}") == [(second["id"], "pending"), (second["id"], "paid")]
    assert found(f"?position_id={second['id']}&status=paid") == [(second["id"], "paid")]
    assert found("?limit=1&offset=3") == [(second["id"], "paid")]


def test_tenants_never_see_or_touch_each_others(api, bob):
    anns, bobs = opened(api), opened(bob)
    before = bob.get(f"/positions/{bobs['id']}").json()
    dividend = announced(api)
    api.post("/splits", {"ticker": "IBM", "date": TODAY.isoformat(), "new_shares": 2, "old_shares": 1})
    written = all_written()

    assert bob.get(f"/positions/{bobs['id']}").json() == before
    assert bob.get("/dividends").json() == {"items": [], "count": 0}
    assert bob.get("/dividends/receivables").json() == {"items": [], "count": 0}
    for make in (
        lambda key: bob.call("POST", "/dividends/pay", {"dividend_id": key}, X_Request_ID="same"),
        lambda key: bob.call("GET", f"/dividends/receivables?position_id={key}", X_Request_ID="same"),
    ):
        theirs, none = make(anns["id"]), make(str(uuid.UUID(int=7)))
        assert (theirs.status_code, theirs.json()) == (404, none.json())
    theirs = bob.post("/dividends/pay", {"dividend_id": dividend["id"]})
    assert (theirs.status_code, code_of(theirs)) == (404, "not-found")
    assert all_written() == written
    assert api.post("/dividends/pay", {"dividend_id": dividend["id"]}).json()["paid"]


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/dividends/announce", terms(dps="0"), 422, "out-of-range"),
        ("/dividends/announce", terms(dps="-1"), 422, "out-of-range"),
        ("/dividends/announce", terms(dps="1e-1"), 422, "invalid-number"),
        ("/dividends/announce", terms(dps="0.0000001"), 422, "invalid-number"),
        ("/dividends/announce", terms(dps=None), 422, "invalid-number"),
        ("/dividends/announce", terms(dps="999999999.999999"), 422, "out-of-range"),
        ("/dividends/announce", terms(pay_date=(TODAY - DAY).isoformat()), 422, "out-of-range"),
        ("/dividends/announce", terms(ex_date="1989-12-31"), 422, "out-of-range"),
        ("/dividends/announce", terms(ex_date="2024-02-30"), 422, "out-of-range"),
        ("/dividends/announce", terms(ex_date="20240216"), 422, "out-of-range"),
        ("/dividends/announce", terms(ex_date=20240216), 422, "out-of-range"),
        ("/dividends/announce", terms(ex_date="２０２４-02-16"), 422, "out-of-range"),
        ("/dividends/announce", terms(ex_date="2024-02-16T00:00:00Z"), 422, "out-of-range"),
        ("/dividends/announce", terms(ex_date=None), 422, "out-of-range"),
        ("/dividends/announce", terms(currency="EUR"), 422, "out-of-range"),
        ("/dividends/announce", terms(currency="usd"), 422, "out-of-range"),
        ("/dividends/announce", terms(withholding_tax_rate="1.01"), 422, "out-of-range"),
        ("/dividends/announce", terms(withholding_tax_rate="-0.01"), 422, "out-of-range"),
        ("/dividends/announce", terms(ticker="I B M"), 422, "invalid-ticker"),
        ("/dividends/announce", terms(surprise=1), 422, "unknown-field"),
        ("/dividends/announce", {"ticker": "IBM"}, 422, "missing-field"),
        ("/dividends/pay", {}, 422, "missing-field"),
        ("/dividends/pay", {"dividend_id": "x"}, 404, "not-found"),
        ("/dividends/pay", {"dividend_id": str(uuid.UUID(int=7))}, 404, "not-found"),
        ("/splits", {"new_shares": "0"}, 422, "out-of-range"),
        ("/splits", {"new_shares": "-2"}, 422, "out-of-range"),
        ("/splits", {"new_shares": "1.5"}, 422, "invalid-number"),
        ("/splits", {"new_shares": "1_0"}, 422, "invalid-number"),
        ("/splits", {"new_shares": True}, 422, "invalid-number"),
        ("/splits", {"new_shares": "1"}, 422, "out-of-range"),
        ("/splits", {"new_shares": 10**9}, 422, "out-of-range"),
        ("/splits", {"new_shares": 10**15}, 422, "out-of-range"),
        ("/splits", {"new_shares": 100_000}, 422, "out-of-range"),
        ("/splits", {"date": "soon"}, 422, "out-of-range"),
        ("/splits", {"ticker": ""}, 422, "invalid-ticker"),
        ("/splits", {"surprise": 1}, 422, "unknown-field"),
    ],
    ids=lambda value: str(value)[-60:],
)
def test_bad_input_gets_its_code_and_changes_nothing(api, path, body, status, code):
    opened(api)
    if path == "/splits":
        body = {"ticker": "IBM", "date": TODAY.isoformat(), "new_shares": 2, "old_shares": 1, **body}
    written = all_written()

    answer = api.post(path, body)

    assert (answer.status_code, code_of(answer)) == (status, code), answer.content
    assert all_written() == written


@pytest.mark.parametrize(
    "query",
    [
        "?ticker=a%20b",
        "?limit=501",
        "?offset=-1",
        "/receivables?status=odd",
        "/receivables?limit=501",
    ],
)
def test_bad_filters_are_refused(api, query):
    assert api.get(f"/dividends{query}").status_code == 422


@pytest.mark.parametrize("path", ["/dividends", "/dividends/receivables"])
def test_a_list_takes_the_same_number_of_queries_however_long_it_is(api, path):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert api.get(path).status_code == 200
        return len(captured)

    for _ in range(2):
        opened(api)
    announced(api)
    few = queries()
    for days in range(1, 8):
        announced(api, ex_date=(TODAY - days * DAY).isoformat())

    assert api.get(path).json()["count"] >= 8
    assert queries() == few <= 4
