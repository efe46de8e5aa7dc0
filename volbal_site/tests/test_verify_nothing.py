"""verify_ledger, verify_audit and replay_decisions of a database that nothing is in."""

import pytest

from volbal_site.tests.test_verify_commands import said


@pytest.mark.django_db
def test_all_is_well_with_nothing():
    assert "0 positions, 0 journal rows, 0 orders, 0 trades" in said("verify_ledger")
    assert "0 events and 0 journal rows in 0 chains" in said("verify_audit")
    assert "All 0 recorded decisions" in said("replay_decisions")
