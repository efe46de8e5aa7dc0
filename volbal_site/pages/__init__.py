"""Pages that show several rooms together, and what all pages stand in."""
