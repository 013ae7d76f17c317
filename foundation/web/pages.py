"""Rendering, and the cache that keeps public pages fast without ever showing a stale one.

A public page is a *fragment* (title, description, head, content: the same for everybody of one
language and audience) in a *shell* (header with the reader's name, counts, tokens). Fragments are
kept per process with the versions (`foundation.versions`) they were rendered from and served only
while these are the committed ones. A visitor without cookies gets the whole page from memory, in
front of Flask. What belongs to one reader never enters a fragment: a form's token is a hole that
the shell fills.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import wraps
from threading import Lock
from typing import Any, TypeVar, cast

from flask import (
    Flask,
    Response,
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
from foundation.web.reader import reader

View = TypeVar("View", bound=Callable[..., Any])

#: Stands in a fragment where each reader's own form token goes. Nobody can write it into a text: it
#: is a tag, and nobody knows its number. Else he would find each reader's token there, in an
#: address that leads to a site of his.
TOKEN_HOLE = Markup(f"<form-token-{secrets.token_hex(16)}>")  # noqa: S704 - hexadecimal
#: Sessions whose signed form token is remembered in this process.
SIGNED = 10_000
_signed: dict[str, str] = {}
#: Between a fragment's parts; unknown to everybody for the same reason.
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


@dataclass(frozen=True)
class Fragment:
    """A public page without its shell."""

    title: Markup
    description: Markup
    head: Markup
    content: Markup


@dataclass(frozen=True)
class Kept:
    """Something rendered, and the versions it was rendered from."""

    keys: tuple[str, ...]
    stamp: tuple[int, ...]
    thing: Any


class Shelf:
    """The most recently used kept things of one process."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[Any, Kept] = OrderedDict()
        self._lock = Lock()

    def fresh(self, name: Any) -> Kept | None:
        """What is kept under `name` if nothing it was made of has changed since, else None."""
        kept = self._kept.get(name)
        return kept if kept is not None and versions.stamp(kept.keys) == kept.stamp else None

    def peek(self, name: Any) -> Kept | None:
        """What is kept under `name`, fresh or not: for callers that compare stamps themselves."""
        return self._kept.get(name)

    def keep(self, name: Any, kept: Kept) -> None:
        with self._lock:
            self._kept[name] = kept
            self._kept.move_to_end(name)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)


fragments = Shelf(2_000)
whole_pages = Shelf(2_000)
#: Fragments in the shell of one reader each, the token still a hole.
own_pages = Shelf(1_000)


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
            name = (request.full_path, words.language(), who)
            kept = fragments.fresh(name)
            if kept is None:
                page_keys = (*keys(*args, **kwargs), "site")
                stamp = versions.stamp(page_keys)  # before the view reads what they stand for
                fragment = _made(view, args, kwargs)
                if not isinstance(fragment, Fragment):
                    return fragment
                kept = Kept(page_keys, stamp, fragment)
                fragments.keep(name, kept)
            if who != "visitor":
                return _own_page(name, kept)
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
    is_hole = getattr(g, "fragment_wanted", False) or getattr(g, "hole_wanted", False)
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


def _in_shell(fragment: Fragment) -> str:
    return _filled(render_template("fragment_page", fragment=fragment))


def _filled(html: str) -> str:
    return html.replace(TOKEN_HOLE, _signed_token()) if TOKEN_HOLE in html else html


def _own_page(name: tuple[Any, ...], kept: Kept) -> str:
    """A member's page: kept under everything her header shows, so that nobody else can get it.

    The shell costs more than all the rest of a cached page. Messages shown once are never kept.
    """
    shell = current_app.extensions["shell"]()
    if shell.flashes:
        return _in_shell(kept.thing)
    own_name = (*name, *shell.shows)
    own = own_pages.peek(own_name)
    if own is None or own.stamp != kept.stamp:
        g.hole_wanted = True
        try:
            html = render_template("fragment_page", fragment=kept.thing, shell=shell)
        finally:
            g.hole_wanted = False  # an error page holds its own token
        own = Kept(kept.keys, kept.stamp, html)
        own_pages.keep(own_name, own)
    return _filled(own.thing)


class VisitorPages:
    """WSGI middleware: whole public pages for visitors who carry no cookie of ours."""

    def __init__(self, app: Any, cookies: Iterable[str]) -> None:
        self._app = app
        self._cookies = tuple(f"{name}=" for name in cookies)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if environ["REQUEST_METHOD"] != "GET" or self._knows(environ.get("HTTP_COOKIE", "")):
            return self._app(environ, start_response)
        name = self._name(environ)
        found = whole_pages.fresh(name)
        if found is not None:
            headers, body = found.thing
            start_response("200 OK", headers)
            return [body]
        environ["bellmouth.page_name"] = name
        return self._app(environ, start_response)

    def _knows(self, cookie: str) -> bool:
        return bool(cookie) and any(mark in cookie for mark in self._cookies)

    @staticmethod
    def _name(environ: dict[str, Any]) -> tuple[str, ...]:
        return (
            environ["PATH_INFO"],
            environ.get("QUERY_STRING", ""),
            words.negotiate(environ.get("HTTP_ACCEPT_LANGUAGE", "")),
            environ.get("HTTP_HOST", ""),
        )


def keep_whole_page(response: Response) -> Response:
    """After a visitor's public page: keep it for the next visitor."""
    wanted = g.pop("whole_page", None)
    name = request.environ.get("bellmouth.page_name")
    if (
        wanted is None
        or name is None
        or response.status_code != 200
        or session.modified  # a cookie is about to be set, and the page may hold its token
        or "Set-Cookie" in response.headers
    ):
        return response
    keys, stamp = wanted
    headers = [(key, value) for key, value in response.headers.items()]
    whole_pages.keep(name, Kept(keys, stamp, (headers, response.get_data())))
    return response


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
    app.after_request_funcs.setdefault(None, []).append(keep_whole_page)
