"""Passwords: argon2id, and which ones are too easy to guess.

Parameters: OWASP Password Storage Cheat Sheet, argon2id with 19 MiB, two passes, one lane. Length
before composition rules: NIST SP 800-63B, section 5.1.1.2. Hashing takes time on purpose: never do
it inside `writing()`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from foundation.refusal import Refused

SHORTEST = 10
LONGEST = 200  # a megabyte of password would only keep the machine busy

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

#: Of nobody's password: checked when there is no member, so that the answer takes as long.
NOBODY = _hasher.hash("nobody chose this")

#: Hashes made at the same time in one process, at 19 MiB each; the rest wait their turn.
AT_ONCE = 4
PATIENCE = 10.0  # seconds
_turns = BoundedSemaphore(AT_ONCE)

#: What remains of most leaked passwords when digits and punctuation are taken off, as the usual
#: lists of leaked passwords show them.
COMMON = frozenset(
    (
        *("password", "passwort", "passw", "passwd", "pass", "qwerty", "qwertyuiop", "qwertz"),
        *("asdfghjkl", "zxcvbnm", "iloveyou", "letmein", "welcome", "admin", "administrator"),
        *("abc", "abcd", "abcdef", "abcdefg", "abcdefgh", "abcdefghij", "football", "baseball"),
        *("superman", "batman", "princess", "sunshine", "dragon", "monkey", "shadow", "master"),
        *("starwars", "trustno", "changeme", "secret", "default", "guest", "test", "testtest"),
        *("passwordpassword", "bellmouth", "woaini", "wang", "zhang", "aini", "love", "hello"),
        *("michael", "jordan", "charlie", "computer", "internet", "whatever", "q", "qw", "qwe"),
        *("qwer", "qwert", "qazwsx", "qazwsxedc", "qwaszx", "asdf", "asdfgh", "a", "aa", "aaa"),
    )
)
RUNS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")


def hashed(password: str) -> str:
    """The hash to store."""
    with _turn():
        return _hasher.hash(_written_one_way(password))


def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one of the hash; takes as long when there is no hash."""
    with _turn():
        try:
            _hasher.verify(password_hash or NOBODY, _written_one_way(password)[:LONGEST])
        except (VerificationError, InvalidHashError):
            return False
    return password_hash is not None


def check(password: str, *, name: str = "", email: str = "") -> None:
    """Raises Refused for a password that is too short or among the first anybody would try."""
    if len(password) < SHORTEST:
        raise Refused(
            "Use at least %(count)s characters. A short sentence is easy to remember.",
            code="password_short",
            field="password",
            count=SHORTEST,
        )
    if len(password) > LONGEST:
        raise Refused(
            "Use at most %(count)s characters.", code="password", field="password", count=LONGEST
        )
    if _is_common(password.lower()) or _is_own(password.lower(), name, email):
        raise Refused(
            "This password is among the first that anybody would try. Choose another one.",
            code="password_common",
            field="password",
        )


def _is_common(password: str) -> bool:
    if len(set(password)) < 5:
        return True
    if any(password in run or password in run[::-1] for run in RUNS):
        return True
    if re.fullmatch(r"[\d\W_]+", password) and len(set(password)) < 8:
        return True
    bare = re.sub(r"[\d\W_]+", "", password.translate(str.maketrans("@013$5", "aoiess")))
    plain = re.sub(r"[\d\W_]+", "", password)
    half = plain[: len(plain) // 2]
    return bool({bare, plain} & COMMON) or (half * 2 == plain and half in COMMON)


def _is_own(password: str, name: str, email: str) -> bool:
    local = email.lower().partition("@")[0]
    own = {email.lower(), local, name.lower(), name.lower().replace(" ", "")}
    bare = re.sub(r"[\d\W_]+", "", password)
    return any(len(word) > 2 and word in (password, bare) for word in own)


def _written_one_way(password: str) -> str:
    return unicodedata.normalize("NFC", password)


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=PATIENCE):
        raise Refused(
            "Many people are signing in just now. Try again in a moment.", code="busy", status=503
        )
    try:
        yield
    finally:
        _turns.release()
