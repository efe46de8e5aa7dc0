"""Logging in and out, being locked out, a second factor, and how a login ends."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Tenant, User
from accounts.tests.people import PASSWORD, SECRET, make_staff, make_user, with_second_factor

pytestmark = pytest.mark.django_db

LOGIN = "/account/login/"


def log_in(client: Client, name: str = "olga", password: str = PASSWORD, **headers: str):
    return client.post(LOGIN, {"login": name, "password": password}, **headers)


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def code(secret: str = SECRET) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_with_the_right_password_one_gets_in_and_on_to_where_one_wanted(client):
    make_user()

    answer = client.post(f"{LOGIN}?next=/trading/stop", {"login": "olga", "password": PASSWORD})

    assert answer["Location"] == "/trading/stop"
    assert is_in(client)


def test_a_login_leads_nowhere_else_than_here(client):
    make_user()

    answer = client.post(f"{LOGIN}?next=https://elsewhere.example/", {"login": "olga", "password": PASSWORD})

    assert answer["Location"] == "/"


def test_a_wrong_name_and_a_wrong_password_read_alike(client):
    make_user()

    answers = [log_in(client, "olga", "wrong password"), log_in(client, "nobody", "wrong password")]

    assert all("don&#x27;t belong together" in answer.text for answer in answers)
    assert not is_in(client)


def test_passwords_are_kept_as_argon2(real_hashers):
    assert make_user().password.startswith("argon2")


def test_after_ten_wrong_passwords_the_right_one_is_refused_for_a_while(client):
    make_user()
    make_user("other")

    tries = [log_in(client, password=f"wrong {number}").status_code for number in range(10)]
    locked = log_in(client)

    assert tries == [200] * 10
    assert locked.status_code == 429
    assert "closed for ten minutes" in locked.text
    assert locked["Retry-After"] == "600"
    assert not is_in(client)
    assert log_in(Client(), "other").status_code == 302


def test_a_lock_is_over_after_ten_minutes(client, monkeypatch):
    make_user()
    for number in range(10):
        log_in(client, password=f"wrong {number}")
    now = time.time()
    monkeypatch.setattr("allauth.core.internal.ratelimit.time.time", lambda: now + 601)

    assert log_in(client).status_code == 302


def test_the_session_is_a_new_one_at_the_login(client):
    make_user()
    client.get("/trading/stop")
    client.post("/trading/stop", {"reason": "x"})
    before = client.cookies["sessionid"].value

    log_in(client)

    assert client.cookies["sessionid"].value != before


def test_cookies_are_for_the_site_alone(client):
    make_user()
    log_in(client)

    for name in ("sessionid", "csrftoken"):
        client.get(LOGIN)
        cookie = client.cookies[name]
        assert cookie["httponly"], name
        assert cookie["samesite"] == "Lax", name


def test_a_login_ends_with_the_log_out_for_a_copy_of_its_cookie_too(client):
    make_user()
    log_in(client)
    copy = Client()
    copy.cookies["sessionid"] = client.cookies["sessionid"].value
    assert is_in(copy)

    client.post("/account/logout/")

    assert not is_in(client)
    assert not is_in(copy)


def test_a_new_password_ends_all_logins(client):
    make_user()
    here, elsewhere = Client(), Client()
    log_in(here)
    log_in(elsewhere)

    here.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": "another long one 9", "password2": "another long one 9"},
    )

    assert not is_in(here)
    assert not is_in(elsewhere)
    assert log_in(client, password="another long one 9").status_code == 302


def test_a_password_is_reset_by_mail(client):
    user = make_user()
    User.objects.filter(pk=user.pk).update(email="olga@example.org")
    elsewhere = Client()
    log_in(elsewhere)

    client.post("/account/password/reset/", {"email": "olga@example.org"})
    link = next(word for word in mail.outbox[0].body.split() if "/password/reset/key/" in word)
    form = client.get(link.removeprefix("http://testserver"), follow=True)
    client.post(
        form.redirect_chain[-1][0], {"password1": "another long one 9", "password2": "another long one 9"}
    )

    assert not is_in(elsewhere)
    assert log_in(client, password="another long one 9").status_code == 302


def test_who_asks_for_a_reset_is_not_told_whether_there_is_such_an_address(client):
    answer = client.post("/account/password/reset/", {"email": "nobody@example.org"}, follow=True)

    assert answer.status_code == 200
    assert mail.outbox == []


def test_a_login_that_is_not_used_for_half_an_hour_ends(client):
    make_user()
    log_in(client)
    is_in(client)
    _age(client, seen=1801)

    assert not is_in(client)
    assert "nothing was done for a while" in client.get(LOGIN).text


def test_use_renews_a_login_and_polls_do_not(client):
    make_user()
    log_in(client)
    is_in(client)
    _age(client, seen=1000)

    client.get("/situation")
    client.get("/live")
    assert time.time() - client.session["seen_at"] >= 1000
    client.get("/")
    assert time.time() - client.session["seen_at"] < 5


def test_a_login_lasts_twelve_hours_at_most(client):
    make_user()
    log_in(client)
    is_in(client)
    _age(client, began=12 * 3600 + 1)

    assert not is_in(client)


def _age(client: Client, *, seen: int = 0, began: int = 0) -> None:
    session = client.session
    session["seen_at"] -= seen
    session["began_at"] -= began
    session.save()


def test_whoever_has_a_second_factor_is_asked_for_it(client):
    with_second_factor(make_user())

    assert log_in(client)["Location"].startswith("/account/2fa/authenticate/")
    assert not is_in(client)
    assert "Incorrect code" in client.post("/account/2fa/authenticate/", {"code": "000000"}).text
    client.post("/account/2fa/authenticate/", {"code": code()})

    assert is_in(client)


def test_a_second_factor_is_set_up_with_recovery_codes_that_work_once(client):
    make_user()
    log_in(client)
    client.post("/account/reauthenticate/?next=/account/2fa/totp/activate/", {"password": PASSWORD})
    secret = client.get("/account/2fa/totp/activate/").context["form"].secret

    shown = client.post("/account/2fa/totp/activate/", {"code": code(secret)}, follow=True)
    codes = shown.context["unused_codes"]

    assert len(codes) == 10
    for expected in (True, False):
        other = Client()
        log_in(other)
        other.post("/account/2fa/authenticate/", {"code": codes[0]})
        assert is_in(other) is expected


def test_secrets_of_second_factors_are_not_readable_in_the_database():
    user = with_second_factor(make_user())

    assert SECRET not in str(user.authenticator_set.get().data)


def test_staff_can_not_do_without_the_second_factor(client):
    make_staff("sue")
    log_in(client, "sue")
    client.post("/account/2fa/authenticate/", {"code": code()})
    client.post("/account/reauthenticate/?next=/account/2fa/totp/deactivate/", {"password": PASSWORD})

    client.post("/account/2fa/totp/deactivate/", {})

    assert User.objects.get().authenticator_set.exists()


def test_sessions_keep_neither_address_nor_browser_and_can_be_ended(client):
    make_user()
    here, elsewhere = Client(), Client(headers={"User-Agent": "Secret Browser/1.0"})
    log_in(here, REMOTE_ADDR="203.0.113.7")
    log_in(elsewhere, REMOTE_ADDR="203.0.113.8")

    kept = [(row.ip, row.user_agent) for row in UserSession.objects.all()]
    assert len(kept) == 2
    assert "203.0.113" not in str(kept)
    assert "Secret" not in str(kept)

    here.post("/account/sessions/")
    assert is_in(here)
    assert not is_in(elsewhere)


def test_signing_up_is_closed(client):
    answer = client.post(
        "/account/signup/", {"username": "eve", "password1": PASSWORD, "password2": PASSWORD}
    )

    assert "By invitation only" in answer.text
    assert User.objects.count() == 0


def test_where_signing_up_is_open_a_user_founds_a_tenant_and_takes_no_name_of_another(client, settings):
    settings.ALLOW_SIGNUP = True
    Tenant.objects.create(name="taken")

    for name in ("eve", "taken"):
        Client().post("/account/signup/", {"username": name, "password1": PASSWORD, "password2": PASSWORD})

    assert list(User.objects.values_list("username", flat=True)) == ["eve"]
    assert Membership.objects.get().tenant.name == "eve"


def test_a_user_who_was_disabled_is_out_at_once(client):
    user = make_user()
    log_in(client)
    assert is_in(client)

    User.objects.filter(pk=user.pk).update(is_active=False, last_login=timezone.now() - timedelta(days=1))

    assert not is_in(client)
