"""The pages: each only places panels."""
