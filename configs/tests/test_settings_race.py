"""Real threads change settings at once: what is valid alone must stay valid together."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connection

from configs.models import GuardrailConfig, TriggerConfig
from configs.resolver import effective_config
from configs.tests.builders import set_global, set_position, set_tenant
from positions.models import Event
from positions.tests.builders import make_position, make_tenant
from volbal.errors import InvalidConfig

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*changes):
    """Run every change in a thread of its own, all starting together; return what each raised, or None."""
    barrier = Barrier(len(changes))

    def run(change):
        try:
            barrier.wait(timeout=10)
            change()
        except InvalidConfig as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(changes)) as pool:
        return list(pool.map(run, changes))


@pytest.mark.parametrize("round_", range(3))
def test_two_changes_that_exclude_each_other_are_never_both_made(round_):
    position = make_position()

    refusals = at_once(
        lambda: set_global("guardrail", min_stock_pct=Decimal(60)),
        lambda: set_tenant(position.tenant, "guardrail", max_stock_pct=Decimal(50)),
    )

    assert [type(refusal) for refusal in refusals].count(InvalidConfig) == 1
    guardrail = effective_config(position).guardrail
    assert guardrail.min_stock_pct < guardrail.max_stock_pct
    assert GuardrailConfig.objects.count() == 1


def test_changes_at_every_scope_at_once_all_arrive():
    positions = [make_position(make_tenant(name)) for name in ("acme", "acme", "other")]
    changes = [
        lambda: set_global("trigger", up_threshold_pct=Decimal(4)),
        *(lambda p=p: set_tenant(p.tenant, "trigger", up_threshold_pct=Decimal(5)) for p in positions[1:]),
        *(lambda p=p: set_position(p, "trigger", up_threshold_pct=Decimal(6)) for p in positions),
    ]

    assert at_once(*changes) == [None] * 6

    assert TriggerConfig.objects.exclude(up_threshold_pct=None).count() == 6
    assert Event.objects.filter(type="config_changed").count() == 6
