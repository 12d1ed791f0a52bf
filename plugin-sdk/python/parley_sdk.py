"""What a Python plugin may import: ``from parley_sdk import Settings, Turn, Vote, evidence, remember, vote``.

The sandbox has its own copy; one beside your plugin is for your editor, for a type checker and for tests of your own.
The short form, a class with ``process(self, text)`` that returns a dict or None, needs none of it.
"""

from __future__ import annotations

import json
from typing import Any, Mapping, NamedTuple, TypedDict


class Turn(NamedTuple):
    """What a plugin is asked about: ``on_turn(self, turn: Turn, settings: Settings)``."""

    text: str
    """The customer's words, normalised: simplified characters, lower case, half width. Look here."""
    original: str
    """The same as the customer wrote it."""
    language: str
    """``zh`` or ``en``."""
    locale: str
    """``zh-CN`` or ``en``."""
    memory: Mapping[str, Any] = {}
    """With the grant ``memory``: what the plugin has kept of this conversation with ``remember``. Empty at first."""


class Vote(TypedDict, total=False):
    """One opinion that the turn is about ``action``. All but ``action`` may be left out."""

    action: str
    """An action of the manifest, such as ``COMPENSATE``. A vote for another is dropped and counted."""
    confidence: float
    """How often such a vote is right, 0 to 1; the manifest's ``defaultConfidence`` where it is left out. Those of one turn sum to at most 1."""
    template: str
    """A template of the shop or an alias of one; one that does not exist there is ignored."""
    evidence: str
    """Why, for a person to read: at most 500 characters."""


Settings = Mapping[str, Any]
"""The settings of plugin.yaml by name: the shop's values, or the defaults. Read-only; a list comes as a tuple."""


abstain = None
"""Nothing to say on this turn."""


def vote(action: str, confidence: float | None = None, template: str | None = None, evidence: str | None = None) -> Vote:
    """A vote for ``action``; what is None is left out. ``on_turn`` returns one, a list of them, or None."""
    given = {"action": action, "confidence": confidence, "template": template, "evidence": evidence}
    return {key: value for key, value in given.items() if value is not None}  # type: ignore[return-value]


class Remembering(TypedDict):
    """Votes, and what is kept of the conversation: made by ``remember``."""

    votes: Vote | list[Vote] | None
    memory: str
    """JSON."""


def remember(memory: Mapping[str, Any], votes: Vote | list[Vote] | None = None) -> Remembering:
    """Votes, and keeps ``memory``, at most 4,096 bytes as JSON, in place of what was kept of this conversation; ``{}`` forgets. Needs the grant ``memory``."""
    return {"votes": votes, "memory": json.dumps(dict(memory), ensure_ascii=False)}


def evidence(*seen: str | None) -> str:
    """What was seen, as a vote's evidence: joined by commas, without what is missing, cut to the 500 characters that evidence may have."""
    return ", ".join(part for part in seen if part)[:500]
