"""What keeps text of sources from being shown as it must not be, and from being taken for instructions."""
