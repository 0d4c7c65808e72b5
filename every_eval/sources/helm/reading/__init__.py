"""Reading a HELM run: its JSON files become rows."""
