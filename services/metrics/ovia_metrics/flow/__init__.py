"""How work flows: how much is where, through time and now, and what became of sprints."""
