"""The Step Functions API: its operations, checked against the service's model, and their state."""
