"""How far tasks on other machines are: datagrams to the driver, at most one a second from a task.

Nobody waits for them, and one that is lost changes what is shown for a second and nothing else: a datagram says how much an
attempt has done since it began, and the whole comes with its outcome. Where a network lets none through, the
driver learns of a task at its end. They hold numbers only, and the driver takes those that begin with its own secret.
"""

import secrets
import socket
import struct
import time
from contextlib import suppress
from typing import NamedTuple

_LAYOUT = struct.Struct("<16sQQQd")
_EVERY = 1.0  # seconds between datagrams of a task
_AT_ONCE = 10_000  # datagrams that one look takes


class Address(NamedTuple):
    """Where a driver listens; without a host, nowhere."""

    host: str = ""
    port: int = 0
    secret: bytes = b""


class Heard(NamedTuple):
    """Documents and bytes that an attempt has done, and the share of its task."""

    documents: int
    size: int
    share: float


class Listener:
    """The driver's ear, at an address of its machine that the workers can reach."""

    def __init__(self, host: str):
        self.address = Address()
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        with suppress(OSError):  # an address that is another machine's, behind a Ray client
            self._socket.bind((host, 0))
            self.address = Address(host, self._socket.getsockname()[1], secrets.token_bytes(16))

    def heard(self) -> dict[int, Heard]:
        """By attempt the farthest that was said since the last look."""
        found: dict[int, Heard] = {}
        with suppress(OSError):  # there is no more
            for _ in range(_AT_ONCE):
                data = self._socket.recv(_LAYOUT.size + 1)
                if len(data) == _LAYOUT.size and data.startswith(self.address.secret):
                    _, attempt, *said = _LAYOUT.unpack(data)
                    found[attempt] = max(Heard(*said), found.get(attempt, Heard(0, 0, 0.0)))
        return found

    def close(self) -> None:
        self._socket.close()


class Teller:
    """A worker's mouth, for one attempt at a task: a `Report`."""

    def __init__(self, address: Address, attempt: int):
        self._address, self._attempt, self._last = address, attempt, time.monotonic()
        self.documents = self.size = 0

    def __call__(self, documents: int, size: int, share: float) -> None:
        self.documents += documents
        self.size += size
        if self._address.host and time.monotonic() - self._last >= _EVERY:
            self._last = time.monotonic()
            self._send(share)

    def _send(self, share: float) -> None:
        host, port, secret = self._address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as mouth:
            mouth.setblocking(False)
            mouth.sendto(_LAYOUT.pack(secret, self._attempt, self.documents, self.size, share), (host, port))
