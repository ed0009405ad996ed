"""Texts cut into pieces along their own structure. Pure: the same text gives the same pieces, wherever and whenever."""
