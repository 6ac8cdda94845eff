"""The demo: a made-up team whose calls are the lengths of a real trace (`DATA.md` tells whose, and its licence)."""
