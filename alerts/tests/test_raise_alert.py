"""States that last: told once while they last."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from accounts.errors import OutsideUnitOfWork
from accounts.tests.threads import at_once
from accounts.transactions import unit_of_work
from alerts.models import Alert, AlertKind
from alerts.services import Subject, clear_alert, mark_seen, raise_alert
from alerts.tests.builders import AT, STAMP, deliver, make_alert, make_channel, make_tenant, states

pytestmark = pytest.mark.django_db


def raised(key="yfinance", at=AT, kind=AlertKind.STALE_FEED, **options):
    with unit_of_work():
        return raise_alert(kind=kind, key=key, message="No prices since 15:50.", at=at, **options)


def cleared(key="yfinance", at=AT, kind=AlertKind.STALE_FEED):
    with unit_of_work():
        return clear_alert(kind=kind, key=key, at=at)


def test_while_a_state_lasts_it_is_told_once():
    assert [raised(), raised(), raised(key="other")] == [True, False, True]
    assert raised(kind=AlertKind.CHECK)
    assert Alert.objects.filter(kind="stale_feed").count() == 2


def test_what_comes_back_much_later_is_news():
    raised()
    assert [cleared(), cleared()] == [True, False]

    assert raised(at=AT + timedelta(minutes=20))
    assert Alert.objects.count() == 2


def test_what_comes_back_at_once_was_never_over():
    raised()
    cleared(at=AT + timedelta(minutes=1))

    assert not raised(at=AT + timedelta(minutes=10))
    assert Alert.objects.get().cleared_at is None


def test_what_was_over_before_it_was_sent_is_sent_when_it_comes_back(settings):
    settings.EMAIL_CONFIGURED = True
    make_channel()
    raised()
    cleared(at=AT + timedelta(minutes=1))
    assert deliver() == 0

    raised(at=AT + timedelta(minutes=2))
    assert [deliver(), deliver()] == [1, 0]
    cleared(at=AT + timedelta(minutes=3))
    raised(at=AT + timedelta(minutes=4))
    assert deliver() == 0, "the same alert, sent already"


def test_an_alert_without_a_key_is_not_a_state():
    with unit_of_work(), pytest.raises(ValueError, match="key"):
        raise_alert(kind=AlertKind.CHECK, key="", message="x", at=AT)
    make_alert("halt")
    assert not cleared(key="", kind=AlertKind.HALT)


def test_outside_a_unit_of_work_nothing_is_raised():
    with pytest.raises(OutsideUnitOfWork):
        raise_alert(kind=AlertKind.CHECK, key="x", message="x", at=AT)
    assert not Alert.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_raised_by_four_at_once_it_is_one_alert():
    assert sorted(at_once([partial(raised)] * 4)) == [False, False, False, True]
    assert Alert.objects.count() == 1


def test_a_person_sees_their_own_tenants_alerts_and_those_about_everyone():
    ours, theirs = make_alert(), make_alert(tenant_id=make_tenant("other").pk)
    raised()

    visible = Alert.objects.visible_to(make_tenant().pk)
    assert {alert.label for alert in visible} == {"IBM #1", "everyone"}
    assert ours in visible
    assert theirs not in visible


def test_what_was_seen_is_over_or_is_only_news_waits_for_nobody():
    seen, over, _news, open_ = make_alert(), raised("a"), make_alert("fill"), make_alert("breach")
    cleared("a")
    with unit_of_work():
        assert mark_seen(alert_ids=[seen.pk], tenant_id=make_tenant().pk, stamp=STAMP) == 1
        assert mark_seen(alert_ids=[seen.pk], tenant_id=make_tenant().pk, stamp=STAMP) == 0

    assert over
    assert list(Alert.objects.waiting()) == [open_]
    assert (Alert.objects.get(pk=seen.pk).seen_by, Alert.objects.get(pk=seen.pk).seen_at) == ("tester", AT)


def test_nobody_puts_away_what_is_another_tenants_or_everyones():
    theirs = make_alert(tenant_id=make_tenant("other").pk)
    raised()
    everyones = Alert.objects.get(kind="stale_feed")

    with unit_of_work():
        seen = mark_seen(alert_ids=[theirs.pk, everyones.pk], tenant_id=make_tenant().pk, stamp=STAMP)
    assert seen == 0
    assert not Alert.objects.exclude(seen_at=None).exists()


def test_a_long_label_is_cut():
    raised(subject=Subject(label="x" * 500))
    assert len(Alert.objects.get().label) == 160
    assert states() == []
