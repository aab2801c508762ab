"""Floor 1: what agencies say, and the bus it travels on. Runs alone at an agency; knows no layer and no page."""
