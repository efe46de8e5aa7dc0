"""Orders at a broker over the network, seen through the API and the admin."""

from __future__ import annotations

from decimal import Decimal
from threading import Event as Signal

import pytest
from django.urls import reverse

from accounts.tests.people import log_in_staff
from accounts.transactions import unit_of_work
from market.providers.registry import provider
from orders.differences import note_difference
from orders.models import BrokerDifference, DifferenceKind, Order
from orders.tests.builders import fresh
from orders.tests.scripted_broker import NAME, answer, execution, scripted
from orders.tests.test_dispatch_races import in_thread
from orders.work import work_off
from positions.tests.builders import OPENED_AT, make_position, make_tenant
from volbal_site.tests.api_client import Api, make_key

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker(settings):
    provider("static").move_to(OPENED_AT)
    with scripted(settings) as found:
        yield found


@pytest.fixture
def tenant():
    return make_tenant("ann")


@pytest.fixture
def api(tenant):
    return Api(make_key(tenant))


@pytest.fixture
def position(tenant):
    return make_position(tenant=tenant, broker=NAME)


def evaluated(api, position, price=104):
    return api.post(f"/positions/{position.pk}/evaluate?price={price}").json()


def test_an_evaluation_answers_new_and_a_worker_does_the_rest(broker, api, position):
    order = evaluated(api, position)["order"]
    broker.says("submit", lambda: answer("filled", execution(Order.objects.get())))

    assert (order["status"], order["broker"]) == ("new", NAME)
    provider("static").move_to(Order.objects.get().created_at)
    work_off()

    assert api.get(f"/orders/{order['id']}").json()["status"] == "filled"
    assert api.get(f"/positions/{position.pk}").json()["qty"] == "87.42578403"


def test_a_cancel_answers_the_order_as_it_then_is(broker, api, position):
    order = evaluated(api, position)["order"]
    provider("static").move_to(Order.objects.get().created_at)
    broker.says("submit", answer("accepted"))
    broker.says("cancel", answer("cancelled"))
    work_off()

    asked = api.post(f"/orders/{order['id']}/cancel")
    again = api.post(f"/orders/{order['id']}/cancel")
    work_off()
    late = api.post(f"/orders/{order['id']}/cancel")

    assert [one.status_code for one in (asked, again, late)] == [200, 200, 409]
    assert (asked.json()["status"], again.json()["status"]) == ("cancel_pending", "cancel_pending")
    assert api.get(f"/orders/{order['id']}").json()["status"] == "cancelled"
    assert api.get(f"/positions/{position.pk}").json()["reserved_qty"] == "0"


def test_a_halt_over_the_api_answers_after_what_was_being_sent_has_arrived(broker, api, position):
    evaluated(api, position)
    provider("static").move_to(Order.objects.get().created_at)
    is_sending, may_answer, seen = Signal(), Signal(), []

    def take_long():
        is_sending.set()
        assert may_answer.wait(30)
        seen.append("arrived")
        return answer("accepted")

    broker.says("submit", take_long)
    sender = in_thread(work_off)
    assert is_sending.wait(30)
    halter = in_thread(lambda: seen.append(api.post("/trading/halt", {"reason": "fire"}).status_code))
    halter.join(0.3)
    assert (halter.is_alive(), seen) == (True, [])
    may_answer.set()
    for thread in (halter, sender):
        thread.join(30)

    assert seen == ["arrived", 200]


def test_staff_halts_and_the_page_answers_after_what_was_being_sent(broker, client, position, settings):
    evaluated(Api(make_key(position.tenant)), position)
    provider("static").move_to(Order.objects.get().created_at)
    is_sending, may_answer = Signal(), Signal()

    def take_long():
        is_sending.set()
        assert may_answer.wait(30)
        return answer("accepted")

    broker.says("submit", take_long)
    log_in_staff(client)
    typed = {"scope": "GLOBAL", "tenant": "", "position": "", "state": "HALTED", "reason": "drill"}
    sender = in_thread(work_off)
    assert is_sending.wait(30)
    seen = []
    address = reverse("admin:orders_tradingswitch_add")
    halter = in_thread(lambda: seen.append(client.post(address, typed).status_code))
    halter.join(0.3)
    assert (halter.is_alive(), seen) == (True, [])
    may_answer.set()
    for thread in (halter, sender):
        thread.join(30)

    assert seen == [302]


def test_a_given_price_far_from_a_real_brokers_market_is_refused(settings, api, position):
    with scripted(settings, is_real=True):
        asked = {"side": "BUY", "qty": "1", "price": "150"}
        path = f"/positions/{position.pk}"

        evaluation = api.post(f"{path}/evaluate?price=150")
        order = api.call("POST", f"{path}/orders", asked, Idempotency_Key="k-1")
        assert [one.json()["type"].rsplit("/", 1)[1] for one in (evaluation, order)] == ["stale-quote"] * 2
        provider("static").set_price("IBM", Decimal(100), fresh(position).created_at, is_real=True)
        evaluation = api.post(f"{path}/evaluate?price=150&dry_run=true")
        order = api.call("POST", f"{path}/orders", asked, Idempotency_Key="k-2")
        assert [one.status_code for one in (evaluation, order)] == [422, 422]
        assert [one.json()["type"].rsplit("/", 1)[1] for one in (evaluation, order)] == ["out-of-range"] * 2
    assert Order.objects.count() == 0


def make_difference(position):
    with unit_of_work():
        return note_difference(
            DifferenceKind.SHARES,
            broker=NAME,
            subject="IBM",
            facts={"ours": Decimal(1), "theirs": Decimal(2)},
            found_at=OPENED_AT,
            position=position,
        )


def test_staff_explains_a_difference_once(client, position):
    difference = make_difference(position)
    log_in_staff(client)
    change = reverse("admin:orders_brokerdifference_change", args=[difference.pk])

    assert client.get(reverse("admin:orders_brokerdifference_changelist")).status_code == 200
    assert client.get(change).status_code == 200
    assert "resolution" in client.post(change, {"resolution": " "}).context["adminform"].errors
    assert fresh(difference).resolved_at is None
    assert client.post(change, {"resolution": "shares of another system", "broker": "x"}).status_code == 302

    found = BrokerDifference.objects.get()
    assert (found.resolved_by, found.resolution, found.broker) == ("root", "shares of another system", NAME)
    assert client.post(change, {"resolution": "again"}).status_code == 403
    assert client.post(reverse("admin:orders_brokerdifference_delete", args=[found.pk])).status_code == 403
    assert client.get(reverse("admin:orders_brokerdifference_add")).status_code == 403
    assert fresh(found).resolution == "shares of another system"
