"""E-mail addresses: one way to write each, so that one person is one member."""

from __future__ import annotations

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from foundation.refusal import Refused

# Nearly every address looks like this; the library takes a tenth of a millisecond for each, which
# an import of a hundred thousand orders would feel.
PLAIN = re.compile(r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*")
#: Mail services that deliver a.b@ and ab@ to one person.
WITHOUT_DOTS = frozenset(("gmail.com", "googlemail.com"))


def normalise(email: str) -> str:
    """The address in lower case, international domains in their ASCII form.

    Nobody asks the network whether it exists: a mail to it will show. Raises Refused.
    """
    tidy = email.strip().lower()
    local, _at, domain = tidy.partition("@")
    if len(local) <= 64 and len(tidy) <= 254 and PLAIN.fullmatch(local) and domain.isascii():
        return f"{local}@{_checked(f'a@{domain}').partition('@')[2]}"
    return _checked(tidy)


@lru_cache(maxsize=4096)
def _checked(email: str) -> str:
    try:
        # `.test` (RFC 2606) is let through: shops try things out with it, and it reaches nobody.
        checked = validate_email(
            email,
            check_deliverability=False,
            allow_smtputf8=False,
            test_environment=True,
            strict=True,
        )
    except EmailNotValidError:
        raise Refused(
            "This does not look like an e-mail address. An example: ada@example.com",
            code="email",
            field="email",
        ) from None
    return (checked.ascii_email or checked.normalized).lower()


def normalise_known(email: str | None) -> str | None:
    """The same for an address out of somebody's order log: what is none is left out."""
    try:
        return normalise(email) if email else None
    except Refused:
        return None


def mailbox(email: str) -> str:
    """Where a mail to `email` ends up: without +tag, at Gmail without dots."""
    local, _, domain = email.strip().lower().rpartition("@")
    local = local.split("+", 1)[0] or local
    if domain in WITHOUT_DOTS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def is_same_mailbox(one: str | None, other: str | None) -> bool:
    """Whether both addresses are one person's."""
    return bool(one and other) and mailbox(one or "") == mailbox(other or "")
