"""`make bench`, the pages: each at 8 clients over 1,000 cells and 100,000 events.

On SQLite, on PostgreSQL, and on PostgreSQL by two processes that share a Redis.

The clients ask again as soon as they are answered, which is as fast as hundreds of people who read.
Figures are medians of `ROUNDS` runs in turn, in ms; CPU is the server's a request. SIZE is the page alone,
compressed, in KB. Then: how long until the chart of a cell is drawn in a browser, if there is one, from
the click to the last line. Nothing here asserts anything. `--against DIR` measures another checkout too;
`--only WORD` measures the pages with the word in their name.
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import statistics
import sys
from collections import defaultdict
from contextlib import ExitStack
from itertools import cycle, islice, product
from pathlib import Path
from time import perf_counter
from urllib.request import Request, urlopen

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from api import Measured, Served, measured, serving  # noqa: E402

CLIENTS = 8
ROUNDS = 3
SECONDS = 1.5
GOAL_MS = 50
# How it is served: the engine, and how many processes.
WAYS = {"sqlite": ("sqlite", 1), "postgresql": ("postgresql", 1), "postgresql-2": ("postgresql", 2)}
# What is measured: the page's name, and its address. What is in brackets comes by itself, again and again.
PAGES = {
    "overview": "/",
    "overview, page 20": "/?page=20",
    "overview (figures)": "/live",
    "how things stand (line)": "/situation",
    "position": "/positions/{cell}/",
    "position (now)": "/positions/{cell}/now",
    "position (chart)": "/positions/{cell}/chart",
    "position (timeline)": "/positions/{cell}/timeline",
    "position (performance)": "/positions/{cell}/performance",
    "position (orders)": "/positions/{cell}/orders",
    "position (cash)": "/positions/{cell}/cash",
    "position (rules)": "/positions/{cell}/rules",
    "what if": "/positions/{cell}/what-if?price=97",
    "prices": "/positions/{cell}/prices",
    "settings of a cell": "/positions/{cell}/settings",
    "order ticket": "/positions/{cell}/order",
    "decision": "/decisions/{decision}/",
    "activity": "/activity",
    "activity, one cell": "/activity?cell={cell}",
    "activity, one type": "/activity?type=order_filled",
    "event": "/activity/{event}",
    "orders": "/orders",
    "order": "/orders/{order}",
    "dividends": "/dividends",
    "analytics": "/analytics",
    "analytics (figures)": "/analytics/figures",
    "health": "/health",
    "alerts": "/alerts",
    "configuration": "/settings/configuration",
    "commissions": "/settings/commissions",
    "members": "/settings/members",
    "new position": "/positions/new",
}
DRAWN = "#price-chart[data-drawn]"


def main() -> None:
    """Serve, measure, print."""
    options = _options()
    pages = {name: path for name, path in PAGES.items() if options.only in name}
    roots = {"": HERE.parent} if options.against is None else {"now": HERE.parent, "other": options.against}
    for engine, processes in (WAYS[way] for way in options.ways):
        with ExitStack() as stack:
            served = [
                stack.enter_context(
                    serving(name, root.resolve(), engine, "site", "pages_seed.py", processes=processes)
                )
                for name, root in roots.items()
            ]
            events = served[0].seeds["events"]
            print(f"\n{engine}, {processes} processes, {CLIENTS} clients, {events:,} events")
            _measure(served, pages, options)
            for one in served:
                _draw(one)


def _measure(served: list[Served], pages: dict[str, str], options: argparse.Namespace) -> None:
    runs: dict[tuple[str, str], list[Measured]] = defaultdict(list)
    for turn, name, one in product(range(-1, options.rounds), pages, served):
        paths = _paths(one, pages[name])
        seconds = 0.2 if turn < 0 else options.seconds
        found = measured(one, "page", CLIENTS, seconds, keys=one.seeds["cookies"], positions=paths)
        if turn >= 0:
            runs[name, one.name].append(found)
    print(f"{'':34} {'p50':>8} {'p95':>8} {'req/s':>8} {'CPU':>8} {'SIZE':>8}")
    for name, one in product(pages, served):
        p50, p95, rate, cpu = (
            statistics.median(getattr(run, figure) for run in runs[name, one.name])
            for figure in ("p50", "p95", "rate", "cpu")
        )
        mark = " slow" if p95 > GOAL_MS else ""
        size = _size(one, _paths(one, pages[name])[0])
        print(f"{name + ' ' + one.name:34} {p50:8.1f} {p95:8.1f} {rate:8.0f} {cpu:8.2f} {size:8.1f}{mark}")


def _paths(served: Served, path: str) -> list[str]:
    """Return the address with different ids in it, as many as make every client see others."""
    name = path.partition("{")[2].partition("}")[0]
    ids = cycle(served.seeds["ids"].get(name, [""]))
    return [path.replace(f"{{{name}}}", one) for one in islice(ids, CLIENTS * 12)]


def _size(served: Served, path: str) -> float:
    asked = Request(f"http://127.0.0.1:{served.port}{path}", headers={"Cookie": served.seeds["cookies"][0]})
    with urlopen(asked) as answer:  # noqa: S310
        return len(gzip.compress(answer.read())) / 1000


def _draw(served: Served) -> None:
    """Print how long a cell's page takes in a browser until its chart is drawn."""
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "chromium-headless-shell")
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if chromium is None:
        print("no Chromium: the chart was not drawn")
        return
    site = f"http://127.0.0.1:{served.port}"
    name, _, value = served.seeds["cookies"][0].partition("=")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        taken = []
        for cell in served.seeds["ids"]["cell"][:5]:
            context = browser.new_context()
            context.add_cookies([{"name": name, "value": value, "url": site}])
            page = context.new_page()
            began = perf_counter()
            page.goto(f"{site}/positions/{cell}/")
            page.locator(DRAWN).wait_for()
            taken.append((perf_counter() - began) * 1000)
            context.close()
        browser.close()
    print(f"{'chart drawn ' + served.name:34} {statistics.median(taken):8.0f} ms, first time in a browser")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--only", default="")
    parser.add_argument("--against", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
