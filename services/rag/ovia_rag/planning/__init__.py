"""How a question is understood: words and names and dates become a plan, which is data that anybody can read."""
