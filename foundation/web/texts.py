"""Fields for what an owner says in every language: one field per language, English first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from foundation.web.forms import Form
from foundation.words import DEFAULT, LANGUAGES

#: (the language's name, whether it is the one that must be filled in) → an unbound field
Make = Callable[[str, bool], Any]


def ask_in_every_language(form: type[Form], name: str, make: Make) -> None:
    """Give a form class the fields `name_en`, `name_zh_Hans` and so on."""
    for code, language in LANGUAGES.items():
        made = make(language, code == DEFAULT)
        made.kwargs.setdefault("render_kw", {})["lang"] = code.replace("_", "-")
        setattr(form, f"{name}_{code}", made)


def typed_texts(form: Form, name: str) -> dict[str, str]:
    """{language: text} of the fields that were filled in."""
    typed = {code: form.typed(f"{name}_{code}").strip() for code in LANGUAGES}
    return {code: text for code, text in typed.items() if text}


def as_fields(**texts: Mapping[str, str]) -> dict[str, str]:
    """{language: text} of several names, as the values that such fields start with."""
    return {f"{name}_{code}": text for name, each in texts.items() for code, text in each.items()}
