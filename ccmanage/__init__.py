"""ccmanage: keys, credits and usage accounting for people who run Claude Code for others."""

__version__ = "0.1.0"
