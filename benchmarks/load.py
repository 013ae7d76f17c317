"""A load generator of one thread: keep-alive connections, one request in flight on each.

About 20 µs per request of its own, far below what any page here costs, and the same for the page
and for the floor it is compared with.
"""

from __future__ import annotations

import selectors
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass
class Connection:
    """One keep-alive connection: what it sent, when, and what came back so far."""

    sock: socket.socket
    sent_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)


@dataclass(frozen=True)
class Load:
    """What came of one run: answers per second and milliseconds."""

    rate: float
    p50: float
    p99: float
    statuses: dict[int, int]
    smallest_body: int


def run(
    host: str,
    port: int,
    requests: Iterator[bytes],
    *,
    connections: int = 16,
    seconds: float = 3.0,
    warm_up: float = 1.0,
) -> Load:
    """Send `requests` over `connections` for `seconds`; the warm-up is not counted."""
    selector = selectors.DefaultSelector()
    for _ in range(connections):
        sock = socket.create_connection((host, port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(sock)
        selector.register(sock, selectors.EVENT_READ, connection)
        _send(connection, next(requests))
    start = time.perf_counter() + warm_up
    end = start + seconds
    latencies: list[float] = []
    statuses: dict[int, int] = {}
    smallest = 1 << 60
    while (now := time.perf_counter()) < end:
        for key, _events in selector.select(timeout=1):
            connection = key.data
            answer = _receive(connection)
            if answer is None:
                continue
            status, size = answer
            now = time.perf_counter()
            if now >= start:
                latencies.append(now - connection.sent_at)
                statuses[status] = statuses.get(status, 0) + 1
                smallest = min(smallest, size)
            _send(connection, next(requests))
    for key in list(selector.get_map().values()):
        key.data.sock.close()
    return _summary(latencies, seconds, statuses, smallest)


def _summary(latencies: list[float], seconds: float, statuses: dict[int, int], size: int) -> Load:
    cuts = statistics.quantiles(latencies, n=100) if len(latencies) > 1 else [0.0] * 99
    return Load(len(latencies) / seconds, cuts[49] * 1000, cuts[98] * 1000, statuses, size)


def _send(connection: Connection, request: bytes) -> None:
    connection.received.clear()
    connection.sent_at = time.perf_counter()
    connection.sock.sendall(request)


def _receive(connection: Connection) -> tuple[int, int] | None:
    """(status, body size) once the whole answer is here."""
    chunk = connection.sock.recv(262_144)
    if not chunk:
        raise ConnectionError("the server closed the connection")
    received = connection.received
    received += chunk
    head_end = received.find(b"\r\n\r\n")
    if head_end < 0:
        return None
    head = bytes(received[:head_end]).lower()
    status = int(head[9:12])
    at = head.find(b"content-length:")
    length = (
        int(head[at + 15 : head.find(b"\r\n", at) if b"\r\n" in head[at:] else None])
        if at >= 0
        else 0
    )
    if len(received) < head_end + 4 + length:
        return None
    return status, length


def get(
    paths: Callable[[], str], host: str, headers: dict[str, str] | None = None
) -> Iterator[bytes]:
    """GET requests for whatever `paths` names next."""
    extra = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    while True:
        yield f"GET {paths()} HTTP/1.1\r\nHost: {host}\r\n{extra}\r\n".encode()
