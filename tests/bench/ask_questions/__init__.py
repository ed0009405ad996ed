"""Questions about the sample organisation whose answers are known, and how many of them Ask answers so."""
