"""Who is asking: the signed-in member of a request, and routes that need one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

from flask import abort, redirect, request
from flask_login import LoginManager, current_user

from foundation.quick import ask
from members.permissions import may

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Viewer:
    """The member behind a request, as much as every page needs."""

    id: str
    handle: str
    name: str
    role: str
    language: str
    time_zone: str
    sign_in_id: str
    token: str
    is_verified: bool
    counts: Mapping[str, int]

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """What Flask-Login keeps in the signed cookie: the sign-in's secret, never a number."""
        return self.token

    @property
    def shown(self) -> tuple[Any, ...]:
        """Everything a page's header shows of her, as a name to keep it under."""
        return (self.id, self.name, self.handle, self.role, self.time_zone, *self.counts.values())

    def may(self, act: str) -> bool:
        """Whether this member may do `act`."""
        return may(self.role, act)


def token_hash(token: str) -> str:
    """What is stored of a secret that a browser or a mail holds."""
    return hashlib.sha256(token.encode()).hexdigest()


QUESTION = (
    "select m.id, m.handle, m.name, m.role, m.language, m.time_zone, s.id,"
    " m.email_verified_at is not null"
    " from sign_in s join member m on m.id = s.member_id"
    " where s.token_hash = ? and s.revoked_at is null"
)


class Viewers:
    """Finds the viewer of a sign-in and what her header counts, in one question."""

    def __init__(self, counts: Mapping[str, str]) -> None:
        """`counts`: name to a SELECT of one number about member `m.id`; app.py wires them."""
        self._names = tuple(counts)
        numbers = "".join(f", ({sql})" for sql in counts.values())
        self.question = QUESTION.replace(" from", f"{numbers} from", 1)

    def load(self, token: str) -> Viewer | None:
        """The viewer of a sign-in that exists and was not revoked; asked at every request."""
        rows = ask(self.question, token_hash(token))
        if not rows:
            return None
        member_id, handle, name, role, language, zone, sign_in_id, is_verified, *numbers = rows[0]
        counts = dict(zip(self._names, map(int, numbers), strict=True))
        return Viewer(
            member_id,
            handle,
            name,
            role,
            language,
            zone,
            sign_in_id,
            token,
            bool(is_verified),
            counts,
        )


def viewer() -> Viewer | None:
    """The signed-in member, or None for a visitor."""
    return cast(Viewer, current_user) if current_user.is_authenticated else None


def signed_in() -> Viewer:
    """The signed-in member of a route that `members_only` or `requires` guards."""
    who = viewer()
    if who is None:
        abort(401)
    return who


def members_only(view: View) -> View:
    """A route for members; a visitor is sent to sign in and comes back afterwards."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs) if viewer() else _to_sign_in()

    return cast(View, guarded)


def requires(act: str) -> Callable[[View], View]:
    """A route for those who may do `act` (members/permissions.py)."""
    may(None, act)  # an unlisted act stops the start

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            who = viewer()
            if who is None:
                return _to_sign_in()
            if not who.may(act):
                abort(403)
            return view(*args, **kwargs)

        return cast(View, guarded)

    return guard


def _to_sign_in() -> Any:
    from urllib.parse import quote

    back = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return redirect(f"/sign-in?next={quote(back)}", 303)


def login_manager(viewers: Viewers) -> LoginManager:
    """Flask-Login, asked to find the viewer by the sign-in's secret."""
    manager = LoginManager()
    manager.user_loader(viewers.load)
    manager.session_protection = None  # the sign-in row is the session; addresses may change
    return manager
