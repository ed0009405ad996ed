"""How answers are worded, in English and in Russian: by templates, so that every word has a reason."""
