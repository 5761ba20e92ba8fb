def test_every_event_is_written(deploy_workflow):
    machine = deploy_workflow("events")

    run = machine.run({"start_seq": 1, "end_seq": 11})

    run.assert_succeeded()
    assert len(machine.emulator.items(machine.outputs["TableName"])) == 10


def test_an_event_that_fails_waits_in_the_queue(deploy_workflow, monkeypatch):
    machine = deploy_workflow("events")
    handler = machine.load_handler("process_event")
    handle = handler.handle

    def fail_two(event, context):
        if event["sequence_no"] == 2:
            raise ValueError("this event fails")
        return handle(event, context)

    monkeypatch.setattr(handler, "handle", fail_two)

    machine.run({"start_seq": 1, "end_seq": 4}).assert_failed("EventsFailed")

    assert len(machine.emulator.messages(machine.outputs["QueueUrl"])) == 1
