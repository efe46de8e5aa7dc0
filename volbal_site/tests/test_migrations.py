from io import StringIO

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_the_models_are_what_the_migrations_make():
    out = StringIO()

    call_command("makemigrations", "--check", "--dry-run", stdout=out)

    assert out.getvalue().strip() == "No changes detected"
