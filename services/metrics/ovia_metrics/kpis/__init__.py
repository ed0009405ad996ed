"""KPIs over HTTP: what is asked, and how it is answered."""
