"""Charts as shapes with places in them. Pure; templates/parts/charts.html draws them."""
