"""The same strategy on vectorbt and on backtesting.py; run by bench/simulation.py in their own environment.

`rivals.py ENGINE WORK` compiles by running it once, then prints trades and processor seconds.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd
from workloads import closes, measured, settings

warnings.filterwarnings("ignore")
RATE, LEAST, SHARES = 0.0001, 100.0, 100.0
# By default vectorbt makes room for an order and a log entry a bar: 25 gigabytes for W4.
MOST_ORDERS = 1_000_000


def size_of(price, anchor, qty, cash, up, down, ratio, low, high):
    """Return signed shares to trade; the rules in floats, for both rivals."""
    stock = qty * price
    value = stock + cash
    m, most = low / 100, high / 100
    triggered = 0
    if price * 100 >= anchor * (100 + up):
        triggered = -1
    elif price * 100 <= anchor * (100 - down):
        triggered = 1
    side = -1 if stock > most * value else 1 if stock < m * value else triggered
    if side == 0:
        return 0.0
    notional = abs(anchor / price - 1) * ratio * value if side == triggered else 0.0
    if side == -1:
        notional = max(notional, (stock - most * value) / (1 - most * RATE))
        notional = min(notional, (stock - m * value) / (1 - m * RATE), stock)
    else:
        notional = max(notional, (m * value - stock) / (1 + m * RATE))
        notional = min(notional, (most * value - stock) / (1 + most * RATE), cash / (1 + RATE))
    shares = np.floor(notional / price * 1e8 + 1e-4) / 1e8
    return side * shares if shares > 0 and shares * price >= LEAST else 0.0


def with_vectorbt(prices, grid):
    import vectorbt
    from numba import njit
    from vectorbt.portfolio import nb
    from vectorbt.portfolio.enums import NoOrder

    sized = njit(size_of)

    @njit
    def order(c, anchor, rules):
        price = c.close[c.i, c.col]
        if c.i == 0:
            anchor[c.col] = price
            return nb.order_nb(size=SHARES, price=price, fees=0.0)
        up, down, ratio, low, high = rules[c.col]
        shares = sized(price, anchor[c.col], c.position_now, c.cash_now, up, down, ratio, low, high)
        if shares == 0.0:
            return NoOrder
        anchor[c.col] = price
        return nb.order_nb(size=shares, price=price, fees=RATE)

    def run():
        frame = pd.DataFrame(np.repeat(prices[:, None], len(grid), axis=1), copy=False)
        portfolio = vectorbt.Portfolio.from_order_func(
            frame,
            order,
            np.zeros(len(grid)),
            np.array(grid),
            init_cash=2 * SHARES * prices[0],
            max_orders=min(len(prices) * len(grid), MOST_ORDERS),
            max_logs=1,
            update_value=False,
            ffill_val_price=False,
        )
        return len(portfolio.order_records) - len(grid)  # the first buys what one begins with

    return run


def with_backtesting(prices, grid):
    from backtesting import Backtest, Strategy

    class Balancing(Strategy):
        rules = grid[0]

        def init(self):
            self.anchor, self.qty, self.cash, self.count = prices[0], SHARES, SHARES * prices[0], 0

        def next(self):
            price = self.data.Close[-1]
            shares = size_of(price, self.anchor, self.qty, self.cash, *self.rules)
            if shares == 0.0:
                return
            self.anchor, self.count = price, self.count + 1
            self.qty, self.cash = self.qty + shares, self.cash - shares * price - abs(shares) * price * RATE
            units = max(round(abs(shares)), 1)
            self.buy(size=units) if shares > 0 else self.sell(size=units)

    index = pd.date_range("1970-01-01", periods=len(prices), freq="min")
    frame = pd.DataFrame({name: prices for name in ("Open", "High", "Low", "Close")}, index=index)
    test = Backtest(frame, Balancing, cash=1e9, commission=RATE, trade_on_close=True)
    return lambda: sum(test.run(rules=rules)._strategy.count for rules in grid)


ENGINES = {"vectorbt": with_vectorbt, "backtesting": with_backtesting}

if __name__ == "__main__":
    engine, work = sys.argv[1:]
    prices, grid = closes(work), settings(work)
    run = ENGINES[engine](prices, grid)
    if engine == "vectorbt":
        run()
    print(*measured(run))
