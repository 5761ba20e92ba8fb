def test_greets(deploy_workflow):
    machine = deploy_workflow("hello")

    run = machine.run({"name": "Ada"})

    run.assert_succeeded({"greeting": "Hello, Ada"})
    run.assert_path("Greet", "Greeted")
