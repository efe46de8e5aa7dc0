"""Sessions in the database, as Django keeps them; reading one, which every page does, is prepared."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import models
from django.utils import timezone

from accounts.prepared import Prepared, Slot


class SessionStore(DatabaseStore):
    """Django's store with one statement written once a thread."""

    def _get_session_from_db(self) -> Any:
        found = _SESSION.first(key=self.session_key, now=timezone.now())
        if found is None:
            self._session_key = None
        return found


_SESSION = Prepared(
    lambda: SessionStore.get_model_class().objects.filter(
        session_key=Slot("key", models.CharField()), expire_date__gt=Slot("now", models.DateTimeField())
    )
)
