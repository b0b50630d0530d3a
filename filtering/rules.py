"""Where an incoming message goes. Pure: looks at what was read, changes nothing."""

from dataclasses import dataclass

from mailstore.mime import Summary


@dataclass(frozen=True, slots=True)
class Verdict:
    """A folder's special use to file into instead of the one asked for, and why."""

    role: str = ""
    reason: str = ""


def decide(summary: Summary) -> Verdict:
    """The verdict on one message that is to be screened.

    So far it knows one rule: what a filter before us marked with "X-Spam-Flag: YES" goes to
    Junk. Content rules of the user are not built yet; everything else stays where it was going.
    """
    if summary.says_spam:
        return Verdict("junk", "x-spam-flag")
    return Verdict()
