"""`manage.py create_api_key` prints the key and nothing else, or says how it is used."""

from io import StringIO

import pytest
from django.core.management import call_command

from accounts.api_keys import find_api_key
from accounts.management.commands.create_api_key import Command
from accounts.models import ApiKey, Tenant

pytestmark = pytest.mark.django_db


def printed(*options):
    out, err = StringIO(), StringIO()
    call_command("create_api_key", *options, stdout=out, stderr=err)
    assert err.getvalue() == ""
    return out.getvalue()


def test_it_makes_the_tenant_and_prints_only_the_key():
    text = printed("--tenant=t", "--scopes=read,trade", "--name=bot")

    key = find_api_key(text.removesuffix("\n"))
    assert (key.tenant.name, key.scopes, key.name) == ("t", {"read", "trade"}, "bot")
    assert key.created_by == "create_api_key"


def test_it_gives_a_tenant_that_is_there_another_key():
    tenant = Tenant.objects.create(name="t")

    texts = {
        printed("--tenant=t", "--scopes=read"),
        printed("--tenant= t ", "--scopes= admin , broker,admin"),
    }

    assert Tenant.objects.get() == tenant
    assert len(texts) == ApiKey.objects.filter(tenant=tenant).count() == 2


@pytest.mark.parametrize(
    "options",
    [
        ["--tenant=t", "--scopes=read,write"],
        ["--tenant=t", "--scopes="],
        ["--tenant=t", "--scopes=,"],
        ["--tenant=t", "--scopes=READ"],
        ["--tenant=t"],
        ["--scopes=read"],
        ["--tenant=", "--scopes=read"],
        ["--tenant= ", "--scopes=read"],
        ["--tenant=a\nb", "--scopes=read"],
        ["--tenant=" + "t" * 151, "--scopes=read"],
        ["--tenant=t", "--scopes=read", "--name=" + "n" * 101],
    ],
)
def test_wrong_options_are_usage_with_status_2_and_make_nothing(options, capsys):
    with pytest.raises(SystemExit) as caught:
        Command().run_from_argv(["manage.py", "create_api_key", *options])

    assert caught.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("usage: ")
    assert not Tenant.objects.exists()
