"""Where static files are, and at which addresses."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib.staticfiles.storage import StaticFilesStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage


class _Remembering:
    """Works each address out once: while a process serves files, none of them gets another."""

    @cached_property
    def _addresses(self) -> dict[str, Any]:
        return {}

    def url(self, name: str, **options: Any) -> Any:
        """Return a file's address."""
        if options:
            return super().url(name, **options)  # type: ignore[misc]
        if name not in self._addresses:
            self._addresses[name] = super().url(name)  # type: ignore[misc]
        return self._addresses[name]


class AsTheyAre(_Remembering, StaticFilesStorage):  # type: ignore[misc]
    """Files out of the folders of apps and packages."""


class Collected(_Remembering, CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Files named by their content and compressed. Source maps, which packages mention, are not shipped."""

    patterns = (("*.css", (r"""(?P<matched>url\(['"]{0,1}\s*(?P<url>.*?)["']{0,1}\))""",)),)
