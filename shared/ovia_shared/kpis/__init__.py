"""What each KPI is: data, and arithmetic over results. Nothing here asks a database or a clock."""
