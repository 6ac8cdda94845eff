"""Run-time settings over HTTP."""
