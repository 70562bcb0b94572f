"""The doctor: asks everything Headway depends on, and says what helps."""
