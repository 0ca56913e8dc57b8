"""How much of one message is looked at: one allowance, shared by all that read parts of it.

Each rule is bounded by itself, but a line may have a header that another line is behind, before each of the states that
carriage returns left: bounds that multiply. What is left when the allowance is used up declares nothing.
"""

from typing import Final

TEXT: Final = 3
"""What it takes to ask text for what runtimes, tools and shells print, in tokens of a header …"""
OBJECT: Final = 4
"""… to read an object, …"""
PAIRS: Final = 2
"""… to read pairs, …"""
PARTS: Final = 1
"""… to look at a bracket with a level's word in it, …"""
FIELDS: Final = 2
"""… and to look for a level between separators."""


FIRST_STATE: Final = 6
"""What the first state that a carriage return left may take in any case."""


class Effort:
    """`left`: tokens of headers that may still be read. Nine, or six and then text, are the most that known formats have."""

    left: int = 16
