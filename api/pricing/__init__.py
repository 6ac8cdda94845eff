"""The price book over HTTP, for administrators."""
