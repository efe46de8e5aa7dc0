"""An address that is worked out once is the one that Django gives."""

from __future__ import annotations

from django.contrib.staticfiles.storage import StaticFilesStorage

from volbal_site.static_storage import AsTheyAre

FILES = ["css/site.css", "js/site.js", "a name with blanks.svg"]


def test_each_file_has_the_address_that_django_gives_it_the_first_time_and_later():
    remembering = AsTheyAre()

    for _ in range(2):
        assert [remembering.url(name) for name in FILES] == [StaticFilesStorage().url(name) for name in FILES]
