from carnation.testing import Throw


def test_an_order_is_charged_saved_and_shipped(deploy_workflow):
    machine = deploy_workflow("order")

    run = machine.run({"id": "o-1", "amount": 20})

    run.assert_succeeded({"charge": "charge-o-1"})
    run.assert_path("ChargePayment", "SaveOrder", "SendShipment")
    assert machine.emulator.items(machine.outputs["OrdersName"])[0]["orderId"] == "o-1"
    assert len(machine.emulator.messages(machine.outputs["ShipmentsUrl"])) == 1


def test_a_declined_card_ends_the_order(deploy_workflow):
    machine = deploy_workflow("order")

    run = machine.run({"id": "o-2", "amount": 5000})

    run.assert_failed("CardDeclined")
    assert machine.emulator.items(machine.outputs["OrdersName"]) == []


def test_a_throttled_charge_is_retried(deploy_workflow):
    machine = deploy_workflow("order")
    machine.mock("ChargePayment", Throw("Lambda.TooManyRequestsException"))  # then the handler

    run = machine.run({"id": "o-3", "amount": 20})

    run.assert_succeeded()
    run.assert_retries("ChargePayment", 1)
