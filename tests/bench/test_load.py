"""A site under load stands on the servers it is given, and on no other."""

import pytest

from bench.load.site import SERVERS, Site

pytestmark = pytest.mark.enable_socket  # a site looks for a free port


def test_an_embedded_site_uses_no_server_of_who_begins_it(tmp_path, monkeypatch):
    for name in SERVERS:
        monkeypatch.setenv(name, "somewhere")
    assert not set(SERVERS) & set(Site(tmp_path, groups=0).environment)


@pytest.mark.parametrize("name", SERVERS)
def test_a_scaled_site_uses_those_it_is_given(tmp_path, monkeypatch, name):
    monkeypatch.setenv(name, "somewhere")
    site = Site(tmp_path, groups=0, scaled={name: "elsewhere"})
    assert {each: site.environment[each] for each in SERVERS if each in site.environment} == {
        name: "elsewhere"
    }
