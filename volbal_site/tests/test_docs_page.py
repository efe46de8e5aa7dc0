"""`/v1/docs`: nothing from other hosts, nothing that the strictest policy would block."""

from __future__ import annotations

import re

import pytest

PAGES = ["/v1/docs", "/problems/", "/problems/order-open"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_holds_no_script_or_style_and_loads_from_here_alone(client, path):
    page = client.get(path).text

    links = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert links
    assert all(link.startswith("/") and not link.startswith("//") for link in links)
    assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", page)


def test_its_policy_allows_scripts_and_styles_from_here_alone(client):
    policy = client.get("/v1/docs")["Content-Security-Policy"]

    assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy
    assert "unsafe" not in policy


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_all_that_a_page_loads_is_there_without_collecting_anything(client, path):
    for link in re.findall(r'(?:src|href)="(/static/[^"]+)"', client.get(path).text):
        answer = client.get(link)
        assert answer.status_code == 200, link
        assert "Access-Control-Allow-Origin" not in answer
        answer.close()


@pytest.mark.parametrize(
    "path", ["/static/../volbal_site/settings.py", "/static/%2e%2e/manage.py", "/static//etc/passwd"]
)
def test_nothing_but_static_files_is_served(client, path):
    assert client.get(path).status_code == 404
