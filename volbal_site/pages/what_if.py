"""What would be decided at any price: the whole decision, with nothing saved."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.http import HttpRequest

from accounts.page_forms import PriceField
from orders.next_trades import distance_pct, opened, posted
from orders.snapshot import Snapshot
from volbal.decision import closed_gate
from volbal.errors import VolbalError
from volbal.numbers import exact
from volbal.values import Decision
from volbal.waterfall import Step
from volbal.waterfall import waterfall as steps_of
from volbal_site.pages.position_now import Ground
from volbal_site.pages.sizes import SizeLine, size_lines
from volbal_site.pages.ways_out import BLOCKED, WayOut

# How far the slider goes on either side of the last price.
REACH = Decimal("0.25")
STEPS = 500


class WhatIfForm(forms.Form):
    """A price to try."""

    price = PriceField(label="Price to try")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slider:
    """From where to where a price can be slid, and where it stands; dollars per share."""

    low: Decimal
    high: Decimal
    step: Decimal
    at: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """A price that was tried and what is decided at it.

    `blocked` is what stands against trading just now; the decision is the one without it. No decision:
    there was no price, or one that can't be.
    """

    form: WhatIfForm
    slider: Slider | None
    price: Decimal | None
    distance_pct: Decimal | None
    decision: Decision | None
    steps: tuple[Step, ...]
    lines: list[SizeLine]
    blocked: WayOut | None
    problem: str


def what_if_of(request: HttpRequest, ground: Ground) -> WhatIf:
    """Answer what would be decided at the price in the request, else at the last one known."""
    usual = ground.price if ground.price is not None else ground.position.anchor_price
    if not request.GET.get("price"):
        form = WhatIfForm(initial={"price": usual})
        return _nothing(form, None, "") if usual is None else _tried(form, ground, usual, usual)
    form = WhatIfForm(request.GET)
    if not form.is_valid():
        return _nothing(form, usual, form["price"].errors.as_text().removeprefix("* "))
    return _tried(form, ground, usual, form.cleaned_data["price"])


def _tried(form: WhatIfForm, ground: Ground, usual: Decimal | None, price: Decimal) -> WhatIf:
    try:
        return _answer(form, ground, usual, price)
    except VolbalError as error:
        return _nothing(form, usual, error.detail)


def slider_round(usual: Decimal | None, price: Decimal | None = None) -> Slider | None:
    """Return a slider that reaches a quarter round the last price, in cents where that is fine enough."""
    if usual is None:
        return None
    with exact():
        step = Decimal("0.01") if usual * REACH * 2 / STEPS >= Decimal("0.005") else Decimal("0.000001")
        low, high = (_on(usual * (1 + way * REACH), step) for way in (-1, 1))
        return Slider(low=max(low, step), high=high, step=step, at=usual if price is None else price)


def _on(price: Decimal, step: Decimal) -> Decimal:
    return price.quantize(step)


def _answer(form: WhatIfForm, ground: Ground, usual: Decimal | None, price: Decimal) -> WhatIf:
    snapshot = posted(ground.circumstances, ground.position, price, ground.at)
    gate = closed_gate(snapshot.position, snapshot.order_policy, snapshot.gates)
    free = snapshot if gate is None or gate == "no_anchor" else opened(snapshot)
    decision, steps = free.decide(), steps_in(free)
    return WhatIf(
        form=form,
        slider=slider_round(usual, price),
        price=price,
        distance_pct=None if usual is None else distance_pct(price, usual),
        decision=decision,
        steps=steps,
        lines=size_lines(steps, decision.binding_limit),
        blocked=BLOCKED.get(gate or ""),
        problem="",
    )


def _nothing(form: WhatIfForm, usual: Decimal | None, problem: str) -> WhatIf:
    return WhatIf(
        form=form,
        slider=slider_round(usual),
        price=None,
        distance_pct=None,
        decision=None,
        steps=(),
        lines=[],
        blocked=None,
        problem=problem,
    )


def steps_in(snapshot: Snapshot) -> tuple[Step, ...]:
    """Return the steps of the size that a snapshot's decision has."""
    return steps_of(
        position=snapshot.position,
        quote=snapshot.quote,
        trigger=snapshot.trigger,
        guardrail=snapshot.guardrail,
        order_policy=snapshot.order_policy,
        today=snapshot.today,
        gates=snapshot.gates,
    )
