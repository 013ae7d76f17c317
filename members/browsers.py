"""What a browser calls itself, in two words, for the list of sign-ins."""

from __future__ import annotations

# The order matters: Edge and Opera also say Chrome, Chrome also says Safari.
PROGRAMS = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def called(user_agent: str) -> str:
    """`Firefox, Linux`; empty when nothing is recognised."""
    found = [
        next((name for mark, name in table if mark in user_agent), "")
        for table in (PROGRAMS, SYSTEMS)
    ]
    return ", ".join(filter(None, found))
