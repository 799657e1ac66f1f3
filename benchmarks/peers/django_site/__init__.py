"""A Django site around one of the Django peers. Runs in their virtual environment, not in ours."""
