"""The last part of a page's address, as owners choose it: products and clubs."""

from __future__ import annotations

import re

from foundation.refusal import Refused

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LONGEST = 80
#: What stands in the same place of an address and means something else.
RESERVED = frozenset({"new", "manage"})


def check(slug: str) -> None:
    """Refused unless `slug` can stand in an address and leads nowhere else."""
    if not SLUG.fullmatch(slug) or len(slug) > LONGEST:
        raise Refused(
            "Use small letters, digits and single hyphens for the address.",
            code="slug",
            field="slug",
        )
    if slug in RESERVED:
        raise Refused(
            "The address “%(slug)s” is in use by a page of its own. Choose another one.",
            code="reserved",
            field="slug",
            slug=slug,
        )
