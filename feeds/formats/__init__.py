"""What dialects are made of: how their documents are told apart, read and checked. Dialects are in `feeds/adapters`."""
