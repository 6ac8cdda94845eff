"""Ports made real. Only bootstrap imports these."""
