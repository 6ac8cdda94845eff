"""Mail over HTTP: what was sent, its texts, and how one stops it."""
