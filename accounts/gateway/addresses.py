"""Where we may be sent: public addresses only, and others as the operator allows.

Whoever names an address for us to call could else reach what only we can reach: this machine, its
network, the metadata of a cloud. A name proves nothing, since its owner decides what it means
today, so a name is looked at here for its form only; the addresses it stands for are judged when
one of them is connected to (see `accounts.gateway.calls`).
"""

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from accounts.errors import AddressForbidden, AddressInvalid, PlainAddress, PortForbidden

LONGEST_URL = 500
HTTPS_PORT = 443
PORTS = {"https": HTTPS_PORT, "http": 80}

Address = IPv4Address | IPv6Address

# What Python calls global but leads elsewhere than to a public server.
_FORBIDDEN: Final = tuple(
    map(
        ip_network,
        (
            "192.0.0.0/24",  # RFC 6890: protocol assignments
            "192.88.99.0/24",  # RFC 7526: relays of 6to4
            "168.63.129.16/32",  # what a cloud answers its machines from
        ),
    )
)
# The one range of IPv6 that is routed (RFC 4291), without what carries other addresses in it.
_ROUTED: Final = ip_network("2000::/3")
_CARRIERS: Final = tuple(
    map(
        ip_network,
        (
            "2001::/23",  # RFC 2928, with Teredo (RFC 4380) and ORCHID
            "2001:db8::/32",  # RFC 3849: documentation
            "2002::/16",  # RFC 3056: 6to4
            "3fff::/20",  # RFC 9637: documentation
        ),
    )
)
_LOCAL_NAMES: Final = ("localhost", "local", "internal", "lan", "home.arpa")


def checked_url(url: str) -> str:
    """Return an address that may be called, as far as its form tells.

    Raises
    ------
    AddressInvalid, PlainAddress, AddressForbidden, PortForbidden
    """
    parts = _split(url)
    trusting = bool(trusted_networks())
    if parts.scheme != "https" and not (parts.scheme == "http" and trusting):
        raise PlainAddress
    if not trusting and port_of(parts) != HTTPS_PORT:
        raise PortForbidden
    literal = _literal(parts.hostname or "")
    if literal is None:
        forbidden = not trusting and _is_local_name(parts.hostname or "")
    else:
        forbidden = not may_call(literal, scheme=parts.scheme, port=port_of(parts))
    if forbidden:
        raise AddressForbidden
    return parts.geturl()


def may_call(address: Address, *, scheme: str, port: int) -> bool:
    """Tell whether a connection may go to an address: the last word, said of the address itself."""
    plain = _unwrapped(address)
    if any(plain in network for network in trusted_networks()):
        return True
    return scheme == "https" and port == HTTPS_PORT and is_public(plain)


def is_public(address: Address) -> bool:
    plain = _unwrapped(address)
    if isinstance(plain, IPv6Address):
        if plain not in _ROUTED or any(plain in network for network in _CARRIERS):
            return False
    elif any(plain in network for network in _FORBIDDEN):
        return False
    return plain.is_global and not (plain.is_multicast or plain.is_reserved)


def trusted_networks() -> tuple[IPv4Network | IPv6Network, ...]:
    """Return what the operator lets people call beside public servers."""
    return tuple(map(ip_network, settings.WEBHOOK_TRUSTED_NETWORKS))


def port_of(parts: SplitResult) -> int:
    return parts.port or PORTS.get(parts.scheme, 0)


def ascii_host(parts: SplitResult) -> str:
    """Return the host as DNS and TLS know it."""
    host = parts.hostname or ""
    return host if ":" in host else host.encode("idna").decode()


def host_header(parts: SplitResult) -> str:
    host = ascii_host(parts)
    named = f"[{host}]" if ":" in host else host
    return named if port_of(parts) == PORTS.get(parts.scheme) else f"{named}:{port_of(parts)}"


def _split(url: str) -> SplitResult:
    # urlsplit drops line breaks and tabs without a word.
    if len(url) > LONGEST_URL or not url.isprintable() or any(map(str.isspace, url)):
        raise AddressInvalid
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0 and ascii_host(parts)
    except ValueError as error:  # of the port, the brackets, or the name's letters
        raise AddressInvalid from error
    if not named or "@" in parts.netloc or parts.fragment:
        raise AddressInvalid
    return parts


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_local_name(host: str) -> bool:
    name = host.rstrip(".").lower()
    is_single = "." not in name and ":" not in name
    return is_single or any(name == local or name.endswith(f".{local}") for local in _LOCAL_NAMES)
