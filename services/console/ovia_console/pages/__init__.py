"""How any page is made: for whom, in which words, and what is shown when it cannot be."""
