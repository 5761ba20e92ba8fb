def test_each_row_of_a_file_is_imported(deploy_workflow):
    machine = deploy_workflow("import-csv")
    bucket = machine.outputs["FilesName"]
    rows = "".join(f"{number},{number}.50\n" for number in range(250))
    machine.emulator.client("s3").put_object(
        Bucket=bucket, Key="in/prices.csv", Body=f"id,price\n{rows}".encode()
    )

    run = machine.run({"bucket": {"name": bucket}, "object": {"key": "in/prices.csv"}})

    run.assert_succeeded()
    assert len(machine.emulator.items(machine.outputs["RowsName"])) == 250
