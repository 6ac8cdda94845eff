"""Mail: an outbox row in the transaction of the deed, templates, and a worker that sends."""
