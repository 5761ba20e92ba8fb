"""import-csv: imports each CSV file that is uploaded below in/ with a Distributed Map."""

from carnation.resources import Bucket, Function, Table, Upload
from carnation.states import ItemBatcher, ItemProcessor, Map, ProcessorConfig
from carnation.workflow import Workflow

FILES = Bucket("files", expires_days=30)
ROWS = Table("rows", key="id")
WRITE = Function("write_rows", "Writes a batch of rows", uses=[ROWS.grants.write()])


def draw_graph() -> Map:
    return Map(
        "ImportRows",
        item_reader=FILES.read_csv(Key="{% $states.input.object.key %}"),
        item_batcher=ItemBatcher(max_items_per_batch=100),
        item_processor=ItemProcessor(
            WRITE.invoke("WriteRows"),
            processor_config=ProcessorConfig(mode="DISTRIBUTED", execution_type="EXPRESS"),
        ),
        result_writer=FILES.write_results(Prefix="results"),
        max_concurrency=20,
        tolerated_failure_percentage=1,
    )


def make_workflow() -> Workflow:
    return Workflow(
        name="import-csv",
        version="0.1.0",
        query_language="JSONata",
        states=draw_graph(),
        timeout_seconds=3600,
        resources=[FILES, ROWS, WRITE],
        triggers=[Upload("uploaded", bucket=FILES, prefix="in/")],
    )
