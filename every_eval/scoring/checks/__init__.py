"""What must hold of the scores before they are published."""
