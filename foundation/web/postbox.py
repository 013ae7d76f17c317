"""Whether letters may be read in the browser: a newcomer tries the demo and has no mail server.

Whoever reads a letter holds its links, which confirm addresses and set passwords. So this is open
to the machine the demo runs on and to nobody else: every doubt closes it.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import Request, current_app, request

from foundation.settings import Settings

PATH = "/demo/postbox"

#: A request that carries one of these came through something that passes requests on.
PASSED_ON = ("forwarded", "via", "x-forwarded", "x-real-ip", "x-client-ip", "cf-", "true-client-ip")


def is_open() -> bool:
    """Whether whoever asks may read this demo's letters here (within a request)."""
    return serves(current_app.extensions["settings"]) and _is_from_here(request)


def way() -> str | None:
    """Where whoever asks may read this demo's letters; None for nowhere."""
    return PATH if is_open() else None


def serves(settings: Settings) -> bool:
    """Whether this installation has a postbox: a demo without mail server, on this machine only."""
    return (
        settings.demo
        and not settings.smtp_url
        and not settings.behind_proxy
        and _is_here(settings.host)
        and _is_here(urlsplit(settings.public_url).hostname)
    )


def _is_from_here(asked: Request) -> bool:
    return (
        _is_here(asked.remote_addr)
        and _is_here(_host(asked))  # another name for this address: a page elsewhere made it up
        and not any(name.lower().startswith(PASSED_ON) for name, _value in asked.headers)
    )


def _host(asked: Request) -> str | None:
    try:
        return urlsplit(f"//{asked.headers.get('Host', '')}").hostname
    except ValueError:
        return None


def _is_here(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
