"""From the outbox to one delivery a target."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from accounts.tests.threads import at_once
from accounts.transactions import current_unit, unit_of_work
from alerts.models import Alert, AlertChannel, AlertDelivery
from alerts.outbox import tell, tell_over
from alerts.routing import route_alerts
from alerts.services import EVERYONE, alert_about
from alerts.tests.builders import AT, make_alert, make_channel, make_tenant, states

pytestmark = pytest.mark.django_db


def routed(later=timedelta(0)):
    return route_alerts(timezone.now() + later)


def targets():
    return sorted(AlertDelivery.objects.values_list("target", flat=True))


def test_each_alert_is_routed_once_to_each_channel_that_wants_it():
    make_channel("all@example.com")
    make_channel("fills@example.com", kinds=["fill"])
    make_channel("off@example.com")
    AlertChannel.objects.filter(target__startswith="off").update(is_active=False)
    make_alert("halt")

    assert [routed(), routed()] == [1, 0]
    assert targets() == ["all@example.com"]
    make_channel("late@example.com")
    assert routed() == 0, "what was before a channel is not sent to it"


def test_a_tenants_alerts_go_to_that_tenant_alone():
    make_channel("ours@example.com")
    make_channel("theirs@example.com", tenant_id=make_tenant("other").pk)
    make_channel("operator@example.com", tenant_id=None)
    make_alert()

    routed()
    assert targets() == ["ours@example.com"]


def test_what_is_about_everyone_goes_to_all_and_to_one_address_once():
    make_channel("ours@example.com")
    make_channel("ours@example.com", tenant_id=make_tenant("other").pk)
    make_channel("operator@example.com", tenant_id=None)
    make_alert(tenant_id=None)

    routed()
    assert targets() == ["operator@example.com", "ours@example.com"]


def test_what_happened_on_replayed_history_is_kept_and_goes_nowhere():
    make_channel()
    make_alert(is_replayed=True)

    assert routed() == 0
    assert (Alert.objects.waiting().count(), states()) == (1, [])


def test_what_is_a_day_old_is_not_worth_sending():
    make_channel()
    make_alert()

    assert routed(timedelta(hours=24)) == 1
    assert states() == []


def test_addresses_are_forgotten_after_ninety_days():
    make_channel()
    make_alert()
    routed()
    AlertDelivery.objects.update(state="given_up")
    make_alert()

    routed(timedelta(days=91))
    assert states() == []


def test_a_unit_of_work_that_fails_tells_nothing():
    class Oh(Exception):
        pass

    alert = partial(alert_about, EVERYONE, kind="halt", at=AT)
    with pytest.raises(Oh), unit_of_work():
        tell(alert(message="undone"))
        raise Oh
    with unit_of_work():
        tell(alert(message="kept"))
        with pytest.raises(Oh), current_unit().savepoint():
            tell(alert(message="undone"))
            raise Oh

    assert [a.message for a in Alert.objects.all()] == ["kept"]


def test_what_is_told_and_over_in_one_unit_of_work_keeps_its_order():
    everyone = {"tenant_id": None, "position_id": None}
    make_alert(tenant_id=None)
    with unit_of_work():
        tell_over("halt", **everyone, at=AT)
        tell(alert_about(EVERYONE, kind="halt", at=AT, message="again"))
        tell(alert_about(EVERYONE, kind="pause", at=AT, message="other"))

    assert {alert.message for alert in Alert.objects.waiting()} == {"again", "other"}


@pytest.mark.django_db(transaction=True)
def test_routed_by_four_workers_at_once_it_is_sent_once():
    make_channel()
    for _ in range(5):
        make_alert()

    at_once([routed] * 4)
    routed()
    assert states() == ["waiting"] * 5
