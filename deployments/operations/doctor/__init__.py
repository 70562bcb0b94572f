"""The doctor: checks every dependency of Headway, and suggests remedies."""
