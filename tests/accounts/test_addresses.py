"""Which addresses people may have us call: public ones, whatever a name says and means."""

import socket
from ipaddress import ip_address

import pytest

from accounts.errors import WebhookRefused
from accounts.gateway import calls
from accounts.gateway.addresses import checked_url, is_public

FORBIDDEN = (
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200",  # noqa: S104
    "127.0.0.1", "127.255.255.254", "168.63.129.16", "169.254.0.1", "169.254.169.254",
    "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "100::1",
    "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1", "2001:10::1", "2001:20::1",
    "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "3fff::1", "4000::1", "5f00::1", "fc00::1",
    "fd00:ec2::254", "fdff::1", "fe80::1", "fec0::1", "ff02::1", "ff0e::1",
)  # fmt: skip
PUBLIC = (
    "1.1.1.1", "8.8.8.8", "52.95.110.1", "93.184.215.14", "100.63.255.255", "100.128.0.1",
    "172.15.0.1", "172.32.0.1", "192.0.1.1", "198.17.0.1", "223.255.255.254", "2600::1",
    "2606:4700:4700::1111", "2a00:1450:4001:800::200e", "::ffff:8.8.8.8",
)  # fmt: skip


@pytest.mark.parametrize("address", FORBIDDEN)
def test_what_is_not_public_is_not_called(address):
    assert not is_public(ip_address(address))
    literal = f"[{address}]" if ":" in address else address
    with pytest.raises(WebhookRefused) as refusal:
        checked_url(f"https://{literal}/hook")
    assert refusal.value.code == "address_forbidden"


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_called(address):
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.com/", "https_only"),
        ("file:///etc/passwd", "url_invalid"),
        ("ftp://example.com/", "https_only"),
        ("gopher://example.com/", "https_only"),
        ("//example.com/", "https_only"),
        ("", "url_invalid"),
        ("https://", "url_invalid"),
        ("https:///path", "url_invalid"),
        ("https://user:password@example.com/", "url_invalid"),
        ("https://@example.com/", "url_invalid"),
        ("https://example.com/#part", "url_invalid"),
        ("https://example.com:0/", "url_invalid"),
        ("https://example.com:99999/", "url_invalid"),
        ("https://example.com:x/", "url_invalid"),
        ("https://[::1/", "url_invalid"),
        ("https://exa mple.com/", "url_invalid"),
        ("https://example.com/a\r\nHost: other", "url_invalid"),
        ("https://example.com/\x00", "url_invalid"),
        ("https://" + "a" * 64 + ".com/", "url_invalid"),
        ("https://example.com/" + "a" * 500, "url_invalid"),
        ("https://example.com:8443/", "port_forbidden"),
        ("https://example.com:22/", "port_forbidden"),
        ("https://localhost/", "address_forbidden"),
        ("https://LOCALHOST./", "address_forbidden"),
        ("https://printer/", "address_forbidden"),
        ("https://metadata.google.internal/", "address_forbidden"),
        ("https://nas.local/", "address_forbidden"),
    ],
)
def test_what_no_webhook_can_be_is_refused_at_once(url, code):
    with pytest.raises(WebhookRefused) as refusal:
        checked_url(url)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "url", ["https://example.com", "https://example.com:443/a?b=c", "https://bücher.example/ü"]
)
def test_an_ordinary_address_is_taken_as_it_is(url):
    assert checked_url(url) == url


@pytest.fixture
def names(monkeypatch) -> list[str]:
    """Answer for every name with these addresses; whatever is connected to is written down."""
    known: list[str] = []

    def resolve(_host, port, **_):
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [
            (family[":" in address], socket.SOCK_STREAM, 6, "", (address, port))
            for address in known
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return known


@pytest.fixture
def connected(monkeypatch) -> list[tuple[str, int]]:
    tried: list[tuple[str, int]] = []

    def connect(address, *_, **__):
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    return tried


def call(url: str = "https://example.com/hook") -> calls.Answer:
    return calls.post(url, headers={}, body=b"{}")


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "64:ff9b::7f00:1", "fe80::1"])
def test_a_name_that_means_something_private_leads_nowhere(names, connected, address):
    names.append(address)
    assert call().error_code == "address_forbidden"
    assert connected == []


def test_one_private_address_among_public_ones_spoils_them_all(names, connected):
    names.extend(["93.184.215.14", "10.0.0.1"])
    assert call().error_code == "address_forbidden"
    assert connected == []


def test_what_was_judged_is_what_is_connected_to_whatever_the_name_means_next(
    names, connected, monkeypatch
):
    names.append("93.184.215.14")
    resolve = socket.getaddrinfo
    asked = []

    def rebind(host, port, **options):
        asked.append(host)
        found = resolve(host, port, **options)
        names[:] = ["127.0.0.1"]
        return found

    monkeypatch.setattr(socket, "getaddrinfo", rebind)
    assert call().error_code == "connection_failed"
    assert connected == [("93.184.215.14", 443)]
    assert asked == ["example.com"], "a name is asked for once a call"


def test_every_public_address_is_tried(names, connected):
    names.extend(["93.184.215.14", "2606:4700:4700::1111", "93.184.215.14"])
    assert call().error_code == "connection_failed"
    assert connected == [("93.184.215.14", 443), ("2606:4700:4700::1111", 443)]


def test_a_name_that_nobody_knows_is_told_as_that(monkeypatch):
    def fail(*_, **__):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert call().error_code == "name_unknown"


def test_an_operator_may_open_a_network_of_theirs_and_no_more(settings, names, connected):
    settings.WEBHOOK_TRUSTED_NETWORKS = ["10.1.0.0/16"]
    names.append("10.1.2.3")
    assert call("http://tool.internal:8080/").error_code == "connection_failed"
    assert connected == [("10.1.2.3", 8080)]
    names[:] = ["10.2.0.1"]
    assert call("http://tool.internal:8080/").error_code == "address_forbidden"
    names[:] = ["93.184.215.14"]
    assert call("http://example.com/").error_code == "address_forbidden", "public ones by HTTPS"
    assert call("https://example.com:8443/").error_code == "address_forbidden"
