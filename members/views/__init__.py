"""Pages of the members' room: the door, the settings, the people, the machines."""

from members.views import account, entering, machines, people

BLUEPRINTS = (entering.bp, account.bp, people.bp, machines.bp)
