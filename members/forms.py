"""The forms of joining, signing in and settings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from wtforms import BooleanField, EmailField, HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from foundation.web.forms import Form, SelectMultipleCheckboxField, choices
from foundation.words import LANGUAGES, lazy
from members.passwords import LONGEST, SHORTEST

ROLE_NAMES = {
    "member": lazy("Member"),
    "moderator": lazy("Moderator"),
    "staff": lazy("Staff"),
    "owner": lazy("Owner"),
}


@lru_cache
def _zones() -> list[Any]:
    names = sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")
    return choices((name, name.replace("_", " ")) for name in names if not name.startswith("Etc/"))


def email_field(label: Any, **more: Any) -> EmailField:
    keywords = {"autocomplete": "email", "maxlength": 254, "spellcheck": "false", **more}
    return EmailField(label, [InputRequired()], render_kw=keywords)


def new_password_field(label: Any) -> PasswordField:
    # WTForms never sends a password back into a page; browsers keep it for the person.
    help_ = lazy(
        "At least %(count)s characters. A short sentence is easy to remember.", count=SHORTEST
    )
    keywords = {"autocomplete": "new-password", "minlength": SHORTEST, "maxlength": LONGEST}
    return PasswordField(label, [InputRequired()], description=help_, render_kw=keywords)


def password_field(label: Any) -> PasswordField:
    keywords = {"autocomplete": "current-password", "maxlength": LONGEST}
    return PasswordField(label, [InputRequired()], render_kw=keywords)


class ConsentForm(Form):
    """Which letters may come; order news and letters about the account come anyway."""

    rewards = BooleanField(
        lazy("Rewards and referrals"),
        description=lazy(
            "When points are yours, a friend has bought, or a voucher is about to end."
        ),
    )
    community = BooleanField(
        lazy("Answers and club life"),
        description=lazy("When somebody answers you, or the house answers a rant of yours."),
    )
    news = BooleanField(
        lazy("News from us"),
        description=lazy("New harvests, offers and surveys. Seldom."),
    )


class JoinForm(ConsentForm):
    """Becoming a member. `website` is a field that people do not see and programs fill in."""

    name = StringField(
        lazy("Your name"),
        [InputRequired(), Length(max=60)],
        description=lazy(
            "As others will see it beside what you write. It need not be your full name."
        ),
        render_kw={"autocomplete": "name", "maxlength": 60},
    )
    email = email_field(lazy("E-mail address"))
    password = new_password_field(lazy("Password"))
    website = StringField(
        lazy("Leave this empty"), render_kw={"autocomplete": "off", "tabindex": -1}
    )
    opened = HiddenField()


class SignInForm(Form):
    email = email_field(lazy("E-mail address"), autocomplete="username")
    password = password_field(lazy("Password"))


class AddressForm(Form):
    """An address alone: a reset, a lost letter."""

    email = email_field(lazy("E-mail address"))


class MoveForm(Form):
    email = email_field(lazy("New e-mail address"))


class ConfirmForm(Form):
    """The button of a letter's link."""


class ConfirmElsewhereForm(ConfirmForm):
    """The same in another browser than the one that signed up."""

    password = password_field(lazy("The password you chose"))


class NewPasswordForm(Form):
    password = new_password_field(lazy("New password"))


class ChangePasswordForm(Form):
    current = password_field(lazy("Password until now"))
    password = new_password_field(lazy("New password"))


class ProfileForm(Form):
    name = StringField(
        lazy("Name"),
        [InputRequired(), Length(max=60)],
        render_kw={"autocomplete": "name", "maxlength": 60},
    )
    handle = StringField(
        lazy("Handle"),
        [InputRequired(), Length(max=25)],
        description=lazy("How others mention you. Letters a to z, digits and _."),
        render_kw={"autocomplete": "off", "spellcheck": "false", "maxlength": 24},
    )
    language = SelectField(
        lazy("Language"),
        choices=choices(LANGUAGES.items()),
        description=lazy("Of these pages and of our letters to you."),
    )
    time_zone = SelectField(lazy("Time zone"), choices=_zones)


class RoleForm(Form):
    email = email_field(lazy("E-mail address of a member"), autocomplete="off")
    role = SelectField(lazy("Role"), choices=choices(ROLE_NAMES.items()))


class ApiKeyForm(Form):
    name = StringField(
        lazy("What the key is for"),
        [InputRequired(), Length(max=60)],
        description=lazy("So that you know later which one to end, like “Till of the web shop”."),
        render_kw={"autocomplete": "off", "maxlength": 60},
    )
    scopes = SelectMultipleCheckboxField(
        lazy("What it may do"), description=lazy("As little as the machine needs.")
    )

    def offer(self, scopes: Mapping[str, Any]) -> None:
        """Let the owner choose among what there is."""
        self.scopes.choices = choices(scopes.items())
