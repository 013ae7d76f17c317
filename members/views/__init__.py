"""Pages of the members' room: the door, the settings, the people."""

from members.views import account, entering, people

BLUEPRINTS = (entering.bp, account.bp, people.bp)
