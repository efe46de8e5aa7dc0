import pytest
from django.urls import reverse

from accounts.tests.people import log_in_staff
from positions.models import Event, JournalEntry, Position
from positions.tests.builders import make_position

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    log_in_staff(client)
    return client


def page(model, action, *args):
    return reverse(f"admin:positions_{model._meta.model_name}_{action}", args=args)


@pytest.mark.parametrize("model", [Position, Event, JournalEntry])
def test_staff_may_look(staff, model):
    make_position()
    row = model.objects.get()

    assert staff.get(page(model, "changelist"), {"q": "IBM"}).status_code == 200
    assert staff.get(page(model, "change", row.pk)).status_code == 200


@pytest.mark.parametrize("model", [Position, Event, JournalEntry])
def test_staff_may_not_add_change_or_delete(staff, model):
    make_position()
    before = list(model.objects.values())
    row = model.objects.get()

    for action, args in (("add", ()), ("change", (row.pk,)), ("delete", (row.pk,))):
        answer = staff.post(page(model, action, *args), {"cash": "1", "post": "yes"})
        assert answer.status_code == 403, action
    staff.post(
        page(model, "changelist"), {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
    )

    assert list(model.objects.values()) == before


def test_an_events_facts_are_easy_to_read(staff):
    make_position()

    text = staff.get(page(Event, "change", Event.objects.get().pk)).content.decode()

    assert "&quot;qty&quot;: &quot;100&quot;,\n" in text
