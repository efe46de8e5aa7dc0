"""Taking a setting that was tried for a cell: what changes is shown, then asked, then written."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.errors import NotFound
from accounts.models import Role
from accounts.page_access import page, tenant_seen
from accounts.page_forms import ActionForm
from accounts.page_once import Done, form_page
from configs.layers import Layers, layers_of, value_in
from configs.looks import look_at_own
from configs.page_forms import shown
from configs.words import SETTINGS, in_words
from positions.cell_pages import address_of, cell_of, cell_stamp
from positions.models import Position, PositionStatus
from simulation.grid import groups_of, settings_of_trial, trial_count, trial_values
from simulation.models import Optimization
from simulation.optimization_pages import optimization_of
from simulation.optimizations import use_settings
from simulation.requests import settings_of_job
from simulation.run_words import told_values
from volbal.errors import InvalidConfig
from volbal.fields import GROUPS


class Changed(NamedTuple):
    """One setting of a cell: what it is now, what it would be."""

    label: str
    before: str
    after: str


class UseForm(ActionForm):
    """Whose settings these are to be."""

    ways_out = {"illegal-transition": "Choose another cell."}
    cell = forms.ChoiceField(label="Which cell is to trade by these settings?")

    def __init__(self, *args: Any, cells: list[Position], **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [(str(cell.pk), f"{cell.ticker} #{cell.number}") for cell in cells]
        self.fields["cell"].choices = choices  # type: ignore[attr-defined]
        self.fields["cell"].initial = choices[0][0] if choices else None

    def words_of(self, detail: str) -> str:
        return in_words(detail)


@page(Role.OWNER)
def use_trial(request: HttpRequest, optimization_id: UUID, number: int) -> HttpResponse:
    """Two steps: which cell, then before and after beside each other, and the button that writes it."""
    found = optimization_of(request, optimization_id)
    if number >= trial_count(found.grid):
        raise NotFound("There is no such setting.")
    values = trial_values(found.grid, number)
    cells = _cells(request, found)

    def act(said: dict[str, Any]) -> Done:
        position = cell_of(request, UUID(said["cell"]))
        stamp = cell_stamp(request, position.market_provider)
        use_settings(
            tenant_id=found.tenant_id,
            optimization_id=found.pk,
            number=number,
            position_id=position.pk,
            stamp=stamp,
        )
        what = f"{position.ticker} #{position.number} trades by these settings from the next price on."
        return Done(message=what, location=address_of(position), event="position-changed")

    def look(said: dict[str, Any]) -> dict[str, Any]:
        return _would_be(cell_of(request, UUID(said["cell"])), found, number)

    return form_page(
        request,
        "simulation/use.html",
        UseForm,
        act,
        {
            "found": found,
            "values": told_values(values),
            "back": reverse("optimization", args=[found.pk]),
            "has_cells": bool(cells),
        },
        look=look,
        cells=cells,
    )


def _cells(request: HttpRequest, found: Optimization) -> list[Position]:
    """Return the cells that are open, those of the same ticker first."""
    mine = Position.objects.of_tenant(tenant_seen(request)).exclude(status=PositionStatus.CLOSED)
    return sorted(mine, key=lambda cell: (cell.ticker != found.ticker, cell.ticker, cell.number))


def _would_be(cell: Position, found: Optimization, number: int) -> dict[str, Any]:
    """Return what changes, what it comes to, and what stays other than it was when this was tried.

    Raises InvalidConfig for values that don't fit to the cell's others.
    """
    values = groups_of(trial_values(found.grid, number))
    layers = layers_of(cell)
    own = {group: {**layers.own[group], **fields} for group, fields in values.items()}
    try:
        outcome = look_at_own(cell, own)
    except InvalidConfig as error:
        raise InvalidConfig(error.detail, field="cell") from None
    after = layers_of(cell, own)
    tried = settings_of_trial(trial_values(found.grid, number), settings_of_job(found)).by_group()
    return {
        "is_ready": True,
        "chosen": cell,
        "changes": _changes(layers, after, values),
        "others": _others(after, tried),
        "outcome": outcome,
    }


def _changes(before: Layers, after: Layers, values: dict[str, dict[str, Any]]) -> list[Changed]:
    return [
        Changed(
            SETTINGS[name].label,
            shown(group, name, value_in(before.effective, group, name)),
            shown(group, name, value_in(after.effective, group, name)),
        )
        for group, fields in values.items()
        for name in fields
    ]


def _others(after: Layers, tried: dict[str, dict[str, Any]]) -> list[Changed]:
    """Return the settings that the cell would have otherwise than they were when this was tried."""
    return [
        Changed(SETTINGS[name].label, shown(group, name, tried[group][name]), shown(group, name, now))
        for group, fields in GROUPS.items()
        for name in fields
        if (now := value_in(after.effective, group, name)) != tried[group][name]
    ]
