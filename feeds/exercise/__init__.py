"""The joint exercise: a made-up day over real streets, spoken through the ordinary door."""
