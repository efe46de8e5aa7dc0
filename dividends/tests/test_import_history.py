from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from dividends.models import Dividend, Split
from dividends.tests.scratch import scratch_database
from market.bundled_history import bundled_history, bundled_paths
from market.models import Bar
from market.queries import bars_of
from positions.models import Event

pytestmark = pytest.mark.django_db

BARS = """\
date,open,high,low,close,volume
2003-02-14,47.25,48.5,46.77,48.3,45223200
2003-02-18,24.62,24.99,24.4,24.96,28707750
2003-02-19,24.82,24.88,24.17,24.53,46902700
"""
DIVIDENDS = """\
ex_date,pay_date,dps,currency
2003-02-19,2003-03-10,0.08,USD
"""
SPLITS = """\
date,new_shares,old_shares
2003-02-18,2,1
"""


@pytest.fixture
def files(tmp_path):
    def write(bars=BARS, dividends=DIVIDENDS, splits=SPLITS):
        for name, content in (("bars", bars), ("dividends", dividends), ("splits", splits)):
            raw = content if isinstance(content, bytes) else content.encode()
            (tmp_path / f"{name}.csv").write_bytes(raw)
        return tmp_path

    return write


def bring_in(folder, ticker="XYZ"):
    out = StringIO()
    call_command("import_history", *arguments(folder, ticker), stdout=out)
    return out.getvalue()


def arguments(folder, ticker="XYZ"):
    return [
        ticker,
        str(folder / "bars.csv"),
        f"--dividends={folder / 'dividends.csv'}",
        f"--splits={folder / 'splits.csv'}",
    ]


def counts():
    return (Bar.objects.count(), Dividend.objects.count(), Split.objects.count(), Event.objects.count())


def refused(folder):
    """Import, which must fail and leave everything as it was; return the message."""
    before = counts()
    with pytest.raises(CommandError) as caught:
        bring_in(folder)
    assert caught.value.returncode == 1
    assert counts() == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_bars_dividends_and_splits_come_in_and_belong_to_nobody(files):
    assert bring_in(files()) == "XYZ: 3 new bars of 3, 1 new dividends of 1, 1 new splits of 1.\n"

    assert [bar.close for bar in bars_of("XYZ")] == [Decimal("48.3"), Decimal("24.96"), Decimal("24.53")]
    dividend, split = Dividend.objects.get(), Split.objects.get()
    assert (dividend.owner, dividend.ticker, dividend.dps) == (None, "XYZ", Decimal("0.08"))
    assert (split.owner, split.new_shares, split.old_shares) == (None, 2, 1)
    event = Event.objects.get()
    assert (event.scope, event.type, event.actor) == ("GLOBAL", "ex_div_announced", "import_history")


def test_the_bundled_files_can_be_imported():
    paths, history = bundled_paths("MSFT"), bundled_history("MSFT")

    call_command(
        "import_history",
        "MSFT",
        str(paths.bars),
        dividends=paths.dividends,
        splits=paths.splits,
        stdout=StringIO(),
    )

    assert tuple(bars_of("MSFT")) == history.bars
    assert Bar.objects.count() == len(history.bars)
    assert Dividend.objects.count() == len(history.dividends)
    assert Split.objects.count() == len(history.splits)


def test_bars_alone_are_enough_and_lower_case_is_raised(files):
    call_command("import_history", "xyz", str(files() / "bars.csv"), stdout=StringIO())

    assert counts() == (3, 0, 0, 0)
    assert Bar.objects.first().ticker == "XYZ"


def test_the_same_again_is_no_news(files):
    bring_in(files())
    before = counts()

    assert bring_in(files()) == "XYZ: 0 new bars of 3, 0 new dividends of 1, 0 new splits of 1.\n"
    assert counts() == before


def test_more_of_the_same_brings_only_the_new(files):
    bring_in(files())

    told = bring_in(
        files(
            bars=BARS + "2003-02-20,24.77,24.87,24.1,24.14,53317300\n",
            dividends=DIVIDENDS + "2003-10-15,2003-11-10,0.16,USD\n",
        )
    )

    assert told == "XYZ: 1 new bars of 4, 1 new dividends of 2, 0 new splits of 1.\n"
    assert counts() == (4, 2, 1, 2)


@pytest.mark.parametrize(
    ("what", "old", "new", "named"),
    [
        ("bars", "24.53", "24.54", "2003-02-19"),
        ("bars", "46902700", "46902701", "2003-02-19"),
        ("dividends", "0.08", "0.09", "2003-02-19"),
        ("dividends", "2003-03-10", "2003-03-11", "2003-02-19"),
        ("splits", "2,1", "3,1", "2003-02-18"),
    ],
)
def test_a_stored_row_with_other_values_is_refused_and_the_new_ones_with_it(files, what, old, new, named):
    bring_in(files())
    more = "2003-02-20,24.77,24.87,24.1,24.14,53317300\n"
    contents = {"bars": BARS + more, "dividends": DIVIDENDS, "splits": SPLITS}
    contents[what] = contents[what].replace(old, new)

    message = refused(files(**contents))

    assert "XYZ" in message
    assert named in message


HEADER, FIRST, SECOND, THIRD = BARS.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("content", "where", "why"),
    [
        (BARS.replace(",volume", "").replace("\n", ",\n"), "bars.csv, line 1:", "columns"),
        ("date,open,high,low,close\n2003-02-14,1,1,1,1\n", "bars.csv, line 1:", "columns"),
        (HEADER + SECOND + FIRST, "bars.csv, line 3:", "2003-02-14 stands after 2003-02-18"),
        (HEADER + FIRST + FIRST, "bars.csv, line 3:", "2003-02-14 appears twice"),
        (BARS.replace("24.96", "0"), "bars.csv, line 3:", "close: must be above zero"),
        (BARS.replace("24.62", "0.000000"), "bars.csv, line 3:", "open: must be above zero"),
        (BARS.replace("24.96", "-24.96"), "bars.csv, line 3:", "close"),
        (BARS.replace("24.96", "n/a"), "bars.csv, line 3:", "close"),
        (BARS.replace("24.96", "NaN"), "bars.csv, line 3:", "close"),
        (BARS.replace("24.96", ""), "bars.csv, line 3:", "close"),
        (BARS.replace("24.96", "24.9600001"), "bars.csv, line 3:", "close"),
        (BARS.replace("2003-02-18", "18.02.2003"), "bars.csv, line 3:", "date"),
        (BARS.replace("2003-02-18", "2003-02-30"), "bars.csv, line 3:", "date"),
        (BARS.replace("28707750", "28707750.5"), "bars.csv, line 3:", "volume"),
        (BARS.replace("24.96,28707750", "24.96"), "bars.csv, line 3:", "fields"),
        (BARS.encode("utf-16"), "bars.csv, line 1:", "text"),
        (BARS.encode() + "2003-02-20,1,1,1,1é,1\n".encode("latin-1"), "bars.csv, line 5:", "UTF-8"),
        ("", "bars.csv, line 1:", "empty"),
        (HEADER, "bars.csv:", "no bars"),
    ],
)
def test_bars_that_are_wrong_are_refused_with_file_and_line(files, content, where, why):
    message = refused(files(bars=content))

    assert message.startswith(where)
    assert why in message


@pytest.mark.parametrize(
    ("contents", "where"),
    [
        ({"dividends": DIVIDENDS.replace("0.08", "0")}, "dividends.csv, line 2:"),
        ({"dividends": DIVIDENDS.replace("0.08", "-0.08")}, "dividends.csv, line 2:"),
        ({"dividends": DIVIDENDS.replace("USD", "EUR")}, "dividends.csv, line 2:"),
        ({"dividends": DIVIDENDS.replace("2003-03-10", "2003-02-18")}, "dividends.csv, line 2:"),
        ({"dividends": DIVIDENDS + DIVIDENDS.splitlines()[1]}, "dividends.csv, line 3:"),
        ({"dividends": ""}, "dividends.csv, line 1:"),
        ({"splits": SPLITS.replace("2,1", "0,1")}, "splits.csv, line 2:"),
        ({"splits": SPLITS.replace("2,1", "1.5,1")}, "splits.csv, line 2:"),
        ({"splits": SPLITS + "2003-02-17,2,1\n"}, "splits.csv, line 3:"),
        ({"splits": "new_shares,old_shares,date\n"}, "splits.csv, line 1:"),
    ],
)
def test_one_wrong_file_keeps_the_others_out(files, contents, where):
    assert refused(files(**contents)).startswith(where)


def test_a_file_that_is_not_there_is_named(files):
    folder = files()
    (folder / "splits.csv").unlink()

    assert refused(folder) == "splits.csv: there is no such file."


@pytest.mark.parametrize(
    "wrong", [[], ["XYZ"], ["no ticker!", "bars.csv"], ["XYZ", "bars.csv", "--dividend"]]
)
def test_wrong_arguments_are_a_usage_error_and_nothing_is_imported(wrong):
    with pytest.raises(CommandError):
        call_command("import_history", *wrong)

    assert counts() == (0, 0, 0, 0)


@pytest.mark.faults
@pytest.mark.quick
def test_as_a_process_it_exits_with_0_1_and_2(files, tmp_path):
    with scratch_database(tmp_path) as scratch:
        migrated = scratch.run("migrate", "--verbosity=0")
        good = scratch.run("import_history", *arguments(files()))
        bad = scratch.run("import_history", *arguments(files(bars=BARS.replace("24.96", "n/a")), "ABC"))
        usage = scratch.run("import_history", "ABC")
        stored = scratch.rows("SELECT DISTINCT ticker FROM market_bar")

    assert (migrated.returncode, migrated.stderr) == (0, "")
    assert (good.returncode, good.stderr) == (0, "")
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr.startswith("CommandError: bars.csv, line 3: close")
    assert len(bad.stderr.splitlines()) == 1
    assert (usage.returncode, usage.stdout) == (2, "")
    assert usage.stderr.startswith("usage:")
    assert stored == [("XYZ",)]
