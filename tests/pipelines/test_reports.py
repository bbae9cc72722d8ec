"""Reports over a real socket of this machine: what is heard, what is not believed, and that nobody waits."""

import socket
import struct
import time

import pytest

from algok.pipelines.executors import reports
from algok.pipelines.executors.reports import Address, Heard, Listener, Teller


@pytest.fixture
def listener():
    listener = Listener("127.0.0.1")
    yield listener
    listener.close()


def heard(listener: Listener, wanted: int) -> dict[int, Heard]:
    """What arrives, until so many attempts were heard."""
    found, until = {}, time.monotonic() + 5
    while len(found) < wanted and time.monotonic() < until:
        found |= listener.heard()
    return found


def test_the_driver_hears_how_far_attempts_are(listener, monkeypatch):
    monkeypatch.setattr(reports, "_EVERY", 0.0)
    first, second = Teller(listener.address, 1), Teller(listener.address, 2)
    first(10, 100, 0.25)
    first(10, 100, 0.5)
    second(1, 5, 0.1)
    assert heard(listener, 2) == {1: Heard(20, 200, 0.5), 2: Heard(1, 5, 0.1)}
    assert listener.heard() == {}


def test_a_task_says_something_once_a_second(listener):
    teller = Teller(listener.address, 1)
    for _ in range(1000):
        teller(1, 1, 0.5)
    time.sleep(0.1)
    assert listener.heard() == {} and (teller.documents, teller.size) == (1000, 1000)


def test_who_does_not_know_the_secret_is_not_heard(listener):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for data in (b"", b"x" * 3000, struct.pack("<16sQQQd", b"guessed", 1, 1, 1, 1.0), listener.address.secret):
            stranger.sendto(data, listener.address[:2])
    time.sleep(0.1)
    assert listener.heard() == {}


def test_a_driver_that_cannot_be_reached_costs_nothing(monkeypatch):
    monkeypatch.setattr(reports, "_EVERY", 0.0)
    elsewhere = Listener("192.0.2.1")  # an address that is no machine's
    assert elsewhere.address == Address()
    for address in (elsewhere.address, Address("127.0.0.1", 9, b"s" * 16)):
        teller = Teller(address, 1)
        teller(3, 4, 0.5)
        assert teller.documents == 3
    elsewhere.close()
