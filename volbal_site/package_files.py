"""The static files of installed packages that pages use, and no others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage, Storage

# What a file is called here, and where it is: a package and the path inside it. A folder means all of it.
FILES = {
    "vendor/htmx.js": ("django_htmx", "static/django_htmx/htmx-2.min.js"),
    "vendor/lightweight-charts.js": ("lwcharts", "vendor/lightweight-charts.standalone.production.js"),
    "ninja/favicon.png": ("ninja", "static/ninja/favicon.png"),
    "ninja/swagger-ui.css": ("ninja", "static/ninja/swagger-ui.css"),
    "ninja/swagger-ui-bundle.js": ("ninja", "static/ninja/swagger-ui-bundle.js"),
    "account/js/account.js": ("allauth", "account/static/account/js/account.js"),
    "account/js/onload.js": ("allauth", "account/static/account/js/onload.js"),
    "mfa/js/recovery_codes.js": ("allauth", "mfa/static/mfa/js/recovery_codes.js"),
}
FOLDERS = {"admin": ("django", "contrib/admin/static/admin")}


class PackageFiles(BaseFinder):
    """Finds the files above. The packages are not imported for it: lwcharts alone would take a second."""

    def find(self, path: str, find_all: bool = False, **_: Any) -> Any:
        found = _paths().get(path)
        if find_all:
            return [] if found is None else [str(found)]
        return None if found is None else str(found)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        for name, path in _paths().items():
            yield name, _OneFile(path)


class _OneFile(FileSystemStorage):
    """A storage of one file, whatever it is asked for."""

    def __init__(self, path: Path) -> None:
        super().__init__(location=path.parent)
        self.file = path

    def path(self, name: str) -> str:
        return str(self.file)


@cache
def _paths() -> dict[str, Path]:
    """Return where each file is, by its name here."""
    paths = {name: folder_of(package) / inside for name, (package, inside) in FILES.items()}
    for name, (package, inside) in FOLDERS.items():
        folder = folder_of(package) / inside
        paths |= {f"{name}/{path.relative_to(folder)}": path for path in folder.rglob("*") if path.is_file()}
    return paths


def folder_of(package: str) -> Path:
    """Return the folder of an installed package, without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(package)
    return Path(spec.submodule_search_locations[0])
