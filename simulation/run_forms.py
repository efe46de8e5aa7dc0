"""The form of a run: prices, time, start, fills, and settings that are over those of the account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings as site

from accounts.page_forms import MoneyField, SharesField
from accounts.page_lists import DayField
from configs.page_forms import SettingsForm, settings_in
from market.providers.registry import provider
from simulation.models import StoredHistory
from simulation.requests import RunRequest, settings_from_groups
from simulation.setup import FillModel, Settings
from volbal.errors import VolbalError
from volbal.fields import read_ticker
from volbal.numbers import plain

STORED, UPLOAD, FETCH, KEPT = "stored", "upload", "fetch", "kept:"
FILES = ("bars", "dividends", "splits")
LARGEST_FILE = 5_000_000
YEARS_FETCHED = 10
FILLS = [
    (FillModel.CLOSE.value, "At the close on which it was decided"),
    (FillModel.NEXT_OPEN.value, "At the next morning's open, which is harder"),
]


class RunForm(SettingsForm):
    """Which past prices, from what start, with which settings."""

    ways_out = {"unavailable": "Try again later, or bring a file of your own."}
    ticker = forms.CharField(label="Ticker", max_length=12, help_text="IBM and MSFT are there always.")
    source = forms.ChoiceField(label="Prices", initial=STORED)
    bars_file = forms.FileField(
        label="File of daily prices", required=False, help_text="CSV: date,open,high,low,close,volume"
    )
    dividends_file = forms.FileField(
        label="File of dividends", required=False, help_text="CSV: ex_date,pay_date,dps,currency"
    )
    splits_file = forms.FileField(
        label="File of splits", required=False, help_text="CSV: date,new_shares,old_shares"
    )
    start = DayField(label="From", required=False, help_text="Empty: the first day there is.")
    end = DayField(label="To", required=False, help_text="Empty: the last day there is.")
    qty = SharesField(label="Shares at the start", required=False, help_text="Empty: 100.")
    cash = MoneyField(
        label="Cash at the start", required=False, help_text="Empty: as much as the shares cost."
    )
    fill = forms.ChoiceField(
        label="Trades are filled", choices=FILLS, initial=FillModel.CLOSE.value, widget=forms.RadioSelect
    )

    def __init__(
        self,
        data: Any = None,
        *args: Any,
        uploads: Any = None,
        kept: Sequence[StoredHistory] = (),
        **options: Any,
    ) -> None:
        if data is not None:
            options["files"] = uploads
        super().__init__(data, *args, may_save=True, has_rate=True, **options)
        self.fields["source"].choices = _sources(kept)  # type: ignore[attr-defined]

    @property
    def asked(self) -> list[forms.BoundField]:
        """Return the fields above the settings."""
        names = ("ticker", "start", "end", "qty", "cash", "fill")
        return [self[name] for name in names]

    @property
    def prices(self) -> list[forms.BoundField]:
        """Return the fields about where prices come from."""
        return [self[name] for name in ("source", *(f"{name}_file" for name in FILES))]

    @property
    def is_own_prices(self) -> bool:
        """Whether more is said about prices than that they are there."""
        return self["source"].value() not in (None, STORED) or any(one.errors for one in self.prices)

    def clean_ticker(self) -> str:
        try:
            return read_ticker(self.cleaned_data["ticker"].strip())
        except VolbalError as error:
            raise forms.ValidationError(error.detail) from None

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        start, end = said.get("start"), said.get("end")
        if start and end and end < start:
            self.add_error("end", "Not before the first day.")
        for name in FILES:
            said[name] = self._text_of(f"{name}_file")
        if said["bars"]:
            said["source"] = UPLOAD
        elif said.get("source") == UPLOAD and "bars_file" not in self.errors:
            self.add_error("bars_file", "Choose a file.")
        return said

    def refuse(self, error: VolbalError) -> None:
        """Show what is wrong with a file at its field; the detail begins with its name."""
        name = f"{error.detail.partition('.csv')[0]}_file"
        if error.code == "invalid-file" and name in self.fields:
            self.add_error(name, forms.ValidationError(error.detail, code=error.code))
            return
        super().refuse(error)

    def _text_of(self, name: str) -> str:
        file: Any = self.cleaned_data.get(name)
        if file is None:
            return ""
        if (file.size or 0) > LARGEST_FILE:
            self.add_error(name, "At most 5 MB.")
            return ""
        try:
            text: str = file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            self.add_error(name, "It isn't text in UTF-8.")
            return ""
        if "\0" in text:
            self.add_error(name, "It isn't text.")
        return text


def settings_asked(said: Mapping[str, Any], inherited: Settings) -> Settings:
    """Return the settings of a run: what was typed over what is inherited. Raises InvalidConfig."""
    typed = {
        group: {
            name: plain(value) if isinstance(value, Decimal) else value
            for name, value in values.items()
            if value is not None
        }
        for group, values in settings_in(said).items()
    }
    return settings_from_groups(typed, inherited)


def request_of(said: Mapping[str, Any], settings: Settings) -> RunRequest:
    """Return what a form's entries ask for."""
    source = said["source"]
    return RunRequest(
        ticker=said["ticker"],
        start=said["start"],
        end=said["end"],
        qty=said["qty"],
        cash=said["cash"],
        settings=settings,
        fill=FillModel(said["fill"]),
        history_id=UUID(source.removeprefix(KEPT)) if source.startswith(KEPT) else None,
    )


def span_to_fetch(said: Mapping[str, Any], today: date) -> tuple[date, date]:
    """Return from when to when prices are fetched: the last ten years unless said otherwise."""
    end = said["end"] or today
    return said["start"] or end - timedelta(days=366 * YEARS_FETCHED), end


def _sources(kept: Sequence[StoredHistory]) -> list[tuple[str, str]]:
    fetched = f"Fetch them now from {site.MARKET_PROVIDER}"
    return [
        (STORED, "Those that are here: imported, or bundled"),
        *([(FETCH, fetched)] if provider().is_live else []),
        (UPLOAD, "A file of my own"),
        *(
            (f"{KEPT}{one.pk}", f"{one.ticker} ({one.source}), kept on {one.created_at:%-d %b %Y}")
            for one in kept
        ),
    ]
