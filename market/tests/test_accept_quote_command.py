from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from market.models import Quote

pytestmark = pytest.mark.django_db


def test_a_person_names_the_price_that_is_right():
    out = StringIO()
    call_command("accept_quote", "ibm", "51.25", "--provider=yfinance", stdout=out)

    assert out.getvalue() == "Quotes of IBM by yfinance are now compared with 51.25.\n"
    row = Quote.objects.get()
    assert (row.provider, row.ticker, row.price) == ("yfinance", "IBM", Decimal("51.25"))


@pytest.mark.parametrize(
    "arguments", [[], ["IBM"], ["IBM", "0"], ["IBM", "-1"], ["I B", "1"], ["IBM", "1", "--provider=nobody"]]
)
def test_what_makes_no_sense_is_a_usage_error_and_nothing_is_kept(arguments):
    with pytest.raises(CommandError):
        call_command("accept_quote", *arguments)
    assert not Quote.objects.exists()
