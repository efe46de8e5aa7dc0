"""Refusals about settings that are no fault of the values."""

from volbal.errors import Conflict


class SettingsChanged(Conflict):
    """Somebody else changed the same settings after the form was shown."""

    code = "settings-changed"
    title = "These settings were changed meanwhile"
