"""Votes DELIVERY_INFO when one of the shop's words is there. Begin here: change the words, the action, and what golden.txt expects."""

from parley_sdk import Settings, Turn, Vote, abstain, evidence, vote


class TemplateClass:
    def on_turn(self, turn: Turn, settings: Settings) -> Vote | None:
        # turn.text comes normalised: lower case, simplified characters, half width.
        for word in settings["words"]:
            if word in turn.text:
                return vote("DELIVERY_INFO", settings["confidence"], evidence=evidence(word))
        return abstain
