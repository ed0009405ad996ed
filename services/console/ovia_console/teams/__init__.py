"""Teams and products: who belongs where, and since when."""
