"""Rendering, and the cache that keeps public pages fast without ever showing a stale one.

A public page is a *fragment* in a *shell* (header with the reader's name, counts, tokens).
Fragments are kept per process with the versions (`foundation.versions`) they were rendered from
and served only while these are the committed ones; `front` serves them before Flask wakes.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, TypeVar, cast

from flask import (
    Flask,
    current_app,
    g,
    make_response,
    render_template,
    request,
    session,
)
from flask_wtf.csrf import generate_csrf
from jinja2 import ChoiceLoader, DictLoader, Environment
from markupsafe import Markup

from foundation import versions, words
from foundation.web import fragments, member_shells
from foundation.web.fragments import TOKEN_HOLE, Fragment, Kept
from foundation.web.reader import reader

View = TypeVar("View", bound=Callable[..., Any])

#: Sessions whose signed form token is remembered in this process.
SIGNED = 10_000
_signed: dict[str, str] = {}
#: Between a fragment's parts; unknown to everybody, as TOKEN_HOLE is.
SEPARATOR = Markup(f"<part-{secrets.token_hex(16)}>")  # noqa: S704 - hexadecimal
FRAGMENT_LAYOUT = SEPARATOR.join(
    f"{{% block {name} %}}{{% endblock %}}" for name in ("title", "description", "head", "content")
)
FRAGMENT_PAGE = (
    '{% extends "layout.html" %}'
    "{% block title %}{{ fragment.title }}{% endblock %}"
    "{% block description %}{{ fragment.description }}{% endblock %}"
    "{% block head %}{{ fragment.head }}{% endblock %}"
    "{% block content %}{{ fragment.content }}{% endblock %}"
)


def render(template: str, /, **context: Any) -> Any:
    """A page; inside `public_page` only its fragment."""
    if not getattr(g, "fragment_wanted", False):
        return render_template(template, **context)
    environment: Environment = current_app.extensions["fragment_environment"]
    current_app.update_template_context(context)
    parts = environment.get_template(template).render(context).split(SEPARATOR)
    return Fragment(*(Markup(part) for part in parts))  # noqa: S704 - rendered with autoescape


def public_page(keys: Callable[..., Sequence[str]]) -> Callable[[View], View]:
    """Cache a GET view whose page is the same for all readers of a language and audience.

    `keys(**view arguments)` names the versions the page depends on. The view answers with
    `render(...)`; anything else (a redirect, a 404) passes through uncached.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def cached(*args: Any, **kwargs: Any) -> Any:
            who = audience()
            path, query = request.environ["PATH_INFO"], request.environ.get("QUERY_STRING", "")
            name = fragments.name(path, query, words.language(), who)
            kept = fragments.shelf.fresh(name)
            if kept is None:
                page_keys = (*keys(*args, **kwargs), "site")
                stamp = versions.stamp(page_keys)  # before the view reads what they stand for
                fragment = _made(view, args, kwargs)
                if not isinstance(fragment, Fragment):
                    return fragment
                kept = Kept(page_keys, stamp, fragment)
                fragments.shelf.keep(name, kept)
            if who != "visitor":
                return _in_own_shell(kept.thing)
            response = make_response(_in_shell(kept.thing))
            g.whole_page = (kept.keys, kept.stamp)
            return response

        return cast(View, cached)

    return decorate


def _made(view: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """A view's fragment; times are told in UTC, for readers of all zones get the same one."""
    g.fragment_wanted = True
    try:
        with words.use_language(words.language(), "UTC"):
            return view(*args, **kwargs)
    finally:
        g.fragment_wanted = False  # an error page is a whole page


def audience() -> str:
    """Readers who see the same fragment: visitor, member, moderator, staff, owner."""
    who = reader()
    return str(who.role) if who is not None else "visitor"


def form_token() -> str:
    """The token of unsafe forms, or its hole while a fragment is made."""
    is_hole = getattr(g, "fragment_wanted", False) or getattr(g, "holes_wanted", False)
    return TOKEN_HOLE if is_hole else _signed_token()


def _signed_token() -> str:
    """The session's form token; signing it anew for every page would give as good a one."""
    signed = _signed.get(session.get("csrf_token", ""))
    if signed is None:
        signed = str(generate_csrf())
        if len(_signed) > SIGNED:
            _signed.clear()
        _signed[session["csrf_token"]] = signed
    return signed


def known_token(known: Mapping[str, object]) -> str | None:
    """The signed form token of a session's contents, if this process has signed it before."""
    return _signed.get(str(known.get("csrf_token", "")))


def _in_shell(fragment: Fragment) -> str:
    return _filled(render_template("fragment_page", fragment=fragment))


def _filled(html: str) -> str:
    return html.replace(TOKEN_HOLE, _signed_token()) if TOKEN_HOLE in html else html


def _in_own_shell(fragment: Fragment) -> str:
    """A member's page; messages shown once are never kept."""
    shell = current_app.extensions["shell"]()
    if shell.flashes:
        return _in_shell(fragment)
    who, path = reader(), request.environ["PATH_INFO"]
    own = member_shells.find(who, words.language(), path) or member_shells.make(who, path)
    return own.around(fragment, shell.path, _signed_token())


def set_up(app: Flask) -> None:
    """Teach an application to render fragments and keep visitors' pages."""
    assert app.jinja_loader is not None
    app.jinja_env.globals["csrf_token"] = form_token
    loader = app.jinja_env.loader
    assert loader is not None
    app.jinja_env.loader = ChoiceLoader([loader, DictLoader({"fragment_page": FRAGMENT_PAGE})])
    app.extensions["fragment_environment"] = app.jinja_env.overlay(
        loader=ChoiceLoader([DictLoader({"layout.html": FRAGMENT_LAYOUT}), loader]),
        cache_size=400,
    )
