"""Why a KPI changed."""
