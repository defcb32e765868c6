"""From which address a call came, as far as we can believe what is said of it."""

import pytest
from django.test import RequestFactory
from rest_framework.settings import api_settings

from llmconfig.audit.client_addresses import client_address, network_of


@pytest.fixture
def told(monkeypatch):
    """The address of a request from ``peer`` with that header, behind so many proxies."""

    def tell(header, *, proxies, peer="203.0.113.9"):
        monkeypatch.setattr(api_settings, "NUM_PROXIES", proxies)
        more = {} if header is None else {"HTTP_X_FORWARDED_FOR": header}
        return client_address(RequestFactory().get("/", REMOTE_ADDR=peer, **more))

    return tell


@pytest.mark.parametrize("proxies", [None, 0])
def test_without_proxies_the_header_is_not_read(told, proxies):
    assert told("192.0.2.1", proxies=proxies) == "203.0.113.9"


@pytest.mark.parametrize(
    ("header", "proxies", "address"),
    [
        ("192.0.2.1", 1, "192.0.2.1"),
        # What stands before our proxies' words is claimed by the caller.
        ("10.9.9.9, 192.0.2.1", 1, "192.0.2.1"),
        ("10.9.9.9, 192.0.2.1, 198.51.100.1", 2, "192.0.2.1"),
        ("192.0.2.1", 2, "192.0.2.1"),
        # Some proxies tell the port.
        ("192.0.2.1:5123", 1, "192.0.2.1"),
        ("[2001:db8::1]:5123", 1, "2001:db8::1"),
        ("2001:DB8:0:0::1", 1, "2001:db8::1"),
        ("::ffff:192.0.2.1", 1, "192.0.2.1"),
        ("fe80::1%eth0", 1, "fe80::1"),
        # No address: that of the peer.
        (None, 1, "203.0.113.9"),
        ("", 1, "203.0.113.9"),
        ("unknown", 1, "203.0.113.9"),
        ("192.0.2.1, ", 1, "203.0.113.9"),
        ("x" * 10_000, 1, "203.0.113.9"),
    ],
)
def test_behind_proxies_it_is_what_the_last_of_them_say(told, header, proxies, address):
    assert told(header, proxies=proxies) == address


@pytest.mark.parametrize("peer", ["", "unix", None])
def test_where_nobody_knows_it_is_empty(told, peer):
    assert told(None, proxies=0, peer=peer) == ""


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("", "")],
)
def test_an_ipv6_network_of_64_bits_counts_as_one(address, network):
    assert network_of(address) == network
