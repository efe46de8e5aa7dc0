"""What holds for every action of a page, shown on stopping all trading."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import IdempotencyRecord, Role
from accounts.tests.people import PASSWORD, make_member, make_user, own_tenant
from orders.models import TradingSwitch
from positions.models import Event

pytestmark = pytest.mark.django_db

STOP = "/trading/stop"
DRILL = {"state": "HALTED", "reason": "drill"}


@pytest.fixture
def trader() -> Client:
    return logged_in(make_member(own_tenant(make_user("olga")), Role.TRADER, "tom"))


def logged_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def key_in(answer) -> str:
    return re.search(r'name="idempotency_key" value="([^"]+)"', answer.text)[1]


def send(client: Client, key: str | None = None, path: str = STOP, **said):
    headers = said.pop("headers", None)
    key = key or key_in(client.get(path))
    return client.post(path, {**DRILL, **said, "idempotency_key": key}, headers=headers)


def halts() -> int:
    return Event.objects.filter(type="trading_halted").count()


def test_an_action_that_is_done_leads_on_and_says_so(trader):
    answer = send(trader)

    assert (answer.status_code, answer["Location"]) == (303, "/")
    assert "Trading is stopped: drill" in trader.get("/").text
    assert TradingSwitch.objects.get().actor == "tom"


def test_the_same_form_sent_twice_acts_once_and_says_so(trader):
    key = key_in(trader.get(STOP))

    answers = [send(trader, key), send(trader, key)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert halts() == 1
    assert "This was done already; it was not done again." in trader.get("/").text


def test_a_second_tab_has_the_same_key_until_it_is_used(trader):
    one, other = key_in(trader.get(STOP)), key_in(trader.get(STOP))
    assert one == other
    send(trader, one)

    told = send(trader, other, reason="something else")

    assert told.status_code == 422
    assert "perhaps in another tab" in told.text
    assert halts() == 1
    assert key_in(told) != one


def test_what_is_invalid_is_shown_with_what_was_typed_and_nothing_is_done(trader):
    answer = send(trader, state="REDUCING", reason="")

    assert answer.status_code == 422
    assert 'value="REDUCING"' in answer.text
    assert "This field is required." in answer.text
    assert TradingSwitch.objects.count() == IdempotencyRecord.objects.count() == 0


def test_a_refusal_of_the_service_stands_in_the_form(trader):
    answer = send(trader, reason="\u202e")

    assert answer.status_code == 422
    assert 'class="errorlist"' in answer.text
    assert TradingSwitch.objects.count() == 0


def test_with_htmx_the_answer_is_a_fresh_form_and_a_toast(trader):
    key = key_in(trader.get(STOP))
    answer = send(trader, key, headers={"HX-Request": "true"})

    assert answer.status_code == 200
    assert answer.text.strip().startswith("<form")
    assert '"toast": "Trading is stopped: drill"' in answer["HX-Trigger"]
    assert "trading-turned" in answer["HX-Trigger"]
    assert key_in(answer) != key


def test_without_a_key_nothing_is_done(trader):
    answer = trader.post(STOP, DRILL)

    assert answer.status_code == 422
    assert TradingSwitch.objects.count() == 0


def test_without_the_token_of_the_site_nothing_is_done():
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())

    answer = client.post(STOP, DRILL, headers={"Origin": "https://elsewhere.example"})

    assert answer.status_code == 403
    assert "Nothing was done" in answer.text
    assert TradingSwitch.objects.count() == 0


def test_a_form_of_ours_that_was_open_too_long_comes_back_with_its_entries():
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())

    answer = client.post(STOP, DRILL, headers={"Origin": "http://testserver"}, follow=True)

    assert answer.redirect_chain == [(STOP, 302)]
    assert 'value="drill"' in answer.text
    assert "was open for too long" in answer.text
    assert TradingSwitch.objects.count() == 0


def test_what_was_typed_survives_a_login_that_ended():
    user = make_user()
    client = logged_in(user)
    key = key_in(client.get(STOP))
    client.logout()

    answer = send(client, key, reason="panic")
    assert answer["Location"] == "/account/login/?next=/trading/stop"
    entered = client.post(
        "/account/login/?next=/trading/stop", {"login": "olga", "password": PASSWORD}, follow=True
    )

    assert entered.redirect_chain[-1][0] == STOP
    assert 'value="panic"' in entered.text
    assert "Your entries from before are back" in entered.text
    assert TradingSwitch.objects.count() == 0
    assert send(client, key_in(entered), reason="panic").status_code == 303


def test_a_form_sent_by_htmx_after_the_login_ended_goes_to_the_login(trader):
    trader.logout()

    answer = trader.post(STOP, DRILL, headers={"HX-Request": "true"})

    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/account/login/?next=%2Ftrading%2Fstop"


def test_a_poll_after_the_login_ended_leaves_the_page_alone(trader):
    trader.logout()

    answer = trader.get("/situation", headers={"HX-Request": "true"})

    assert answer.status_code == 401
    assert "session-ended" in answer["HX-Trigger"]


def test_what_is_dangerous_asks_for_the_password_again_and_keeps_what_was_typed():
    client = logged_in(make_user())
    send(client)

    asked = client.post("/trading/resume", {"reason": "all is well"})
    assert asked["Location"] == "/account/reauthenticate/?next=%2Ftrading%2Fresume"
    assert TradingSwitch.objects.get().state == "HALTED"
    back = client.post(asked["Location"], {"password": PASSWORD}, follow=True)

    assert 'value="all is well"' in back.text
    assert send(client, key_in(back), "/trading/resume", reason="all is well").status_code == 303
    assert TradingSwitch.objects.get().state == "ACTIVE"


def test_another_tenants_switch_is_not_turned(trader):
    other = logged_in(make_user("sven"))
    send(other)

    assert TradingSwitch.objects.get().tenant.name == "sven"
    assert "Trading stopped" not in trader.get("/").text
