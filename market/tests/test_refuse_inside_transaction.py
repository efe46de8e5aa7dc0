from __future__ import annotations

import pytest
from django.db import transaction

from market.providers.base import refuse_inside_transaction


@pytest.mark.django_db(transaction=True)
def test_the_network_is_refused_while_a_transaction_is_open() -> None:
    refuse_inside_transaction()
    with transaction.atomic(), pytest.raises(RuntimeError, match="before the transaction, never inside"):
        refuse_inside_transaction()
    refuse_inside_transaction()
