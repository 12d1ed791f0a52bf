"""What a Python plugin may import: ``from parley_sdk import Effect, Settings, Turn, Vote, evidence, mutate, query, refuse, remember, vote``.

The sandbox has its own copy; one beside your plugin is for your editor, for a type checker and for tests of your own.
The short form, a class with ``process(self, text)`` that returns a dict or None, needs none of it.
"""

from __future__ import annotations

import json
from typing import Any, Mapping, NamedTuple, Sequence, TypedDict


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
    ask: str
    """A slot of the action, listed under ``asks``: where the action wins and has no value for it yet, the customer is asked."""


class Facts(NamedTuple):
    """What a query came to."""

    data: Mapping[str, Any]
    """As the query writes it. What a source did not give is None, so each field may be."""
    missing: list[str]
    """Paths of what is None because its source gave no answer: ``customer.orders``. Empty when all that was asked is there."""
    silent: Sequence[str] = ()
    """The systems that gave none of what is missing, or nothing that can be used."""
    stale: Sequence[Mapping[str, Any]] = ()
    """What is older than it should be, since its system gave no answer: each with ``path``, ``source`` and ``ageMs``."""


class Effect(NamedTuple):
    """What the customer has said yes to: ``on_action(self, effect: Effect, settings)``; or what is to be taken back: ``undo(self, effect: Effect, settings)``."""

    effect: str
    """Its name in the manifest."""
    slots: Mapping[str, str]
    """What the dialogue has asked for, by slot, as text: ``{"order": "2024-881", "count": "3"}``."""
    locale: str
    """``zh-CN`` or ``en``."""
    result: Mapping[str, str] | None
    """For ``undo``: what its mutation gave, as text."""


Settings = Mapping[str, Any]
"""The settings of plugin.yaml by name: the shop's values, or the defaults. Read-only; a list comes as a tuple."""


abstain = None
"""Nothing to say on this turn."""


def vote(action: str, confidence: float | None = None, template: str | None = None, evidence: str | None = None, ask: str | None = None) -> Vote:
    """A vote for ``action``; what is None is left out. ``on_turn`` returns one, a list of them, or None."""
    given = {"action": action, "confidence": confidence, "template": template, "evidence": evidence, "ask": ask}
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


async def query(name: str, **variables: Any) -> Facts:
    """The answer to a query of plugin.yaml, about the customer who writes: ``found = await query("orders", state="SHIPPED")``.

    Needs the grant ``facts`` and an ``async def on_turn``. ``on_turn`` is begun again when the answer is there: what stands before the call runs
    twice, and must ask the same again. At most four different questions a turn,
    each of at most 4,096 characters with its variables.
    """
    raise RuntimeError("facts come from the sandbox: a test of your own puts a function in its place")


def mutate(mutation: str, **variables: Any) -> dict[str, Any]:
    """Has a mutation of plugin.yaml done for the customer who writes: what ``on_action`` and ``undo`` return.

    Its fields become the effect's result. Done once, however often the engine must try.
    """
    return {"mutation": mutation, "variables": variables}


def refuse(reason: str) -> dict[str, Any]:
    """Nothing is done, for good; the template ``refused`` tells it by this reason: lower-case words joined by hyphens, as ``too-many``."""
    return {"refusal": reason}
