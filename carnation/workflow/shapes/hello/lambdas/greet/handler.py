def handle(event, context):
    """Greet the person whose name is in the event."""
    return {"greeting": f"Hello, {event['name']}"}
