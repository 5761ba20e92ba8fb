// What benchmarks/clients.py asks of the SDK for JavaScript, version 3.
import { createRequire } from "node:module";
import { Readable } from "node:stream";
import path from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(path.join(process.argv[2], "index.js")));
const load = (name) => require(`@aws-sdk/client-${name}`);
const { S3Client, CreateBucketCommand, PutObjectCommand, GetObjectCommand, waitUntilBucketExists } = load("s3");
const { SQSClient, CreateQueueCommand, SendMessageCommand, ReceiveMessageCommand } = load("sqs");
const sfnModule = load("sfn");
const { SFNClient, TestStateCommand, CreateStateMachineCommand, StartSyncExecutionCommand } = sfnModule;
const { StartExecutionCommand, DescribeExecutionCommand } = sfnModule;
const ROLE = "arn:aws:iam::123456789012:role/role";
const DEFINITION = JSON.stringify({ StartAt: "P", States: { P: { Type: "Pass", End: true } } });

const checks = {
  async "an object from a stream"() {
    const s3 = new S3Client({});
    await s3.send(new CreateBucketCommand({ Bucket: "from-javascript" }));
    await waitUntilBucketExists({ client: s3, maxWaitTime: 10 }, { Bucket: "from-javascript" });
    const parts = ["a".repeat(70000), "ü".repeat(30000)];
    const request = { Bucket: "from-javascript", Key: "k", Body: Readable.from(parts.map((p) => Buffer.from(p))), ContentLength: 130000 };
    await s3.send(new PutObjectCommand(request));
    const found = await s3.send(new GetObjectCommand({ Bucket: "from-javascript", Key: "k" }));
    return (await found.Body.transformToString()) === parts.join("");
  },
  async "a message through a queue's URL"() {
    const sqs = new SQSClient({});
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "from-javascript" }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "ü" }));
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));
    return Messages[0].Body === "ü";
  },
  async "TestState and StartSyncExecution"() {
    const sfn = new SFNClient({ disableHostPrefix: true });
    const tested = await sfn.send(new TestStateCommand({ definition: '{"Type":"Pass","End":true}', input: '{"a":1}', roleArn: ROLE }));
    const request = { name: "from-javascript", definition: DEFINITION, roleArn: ROLE, type: "EXPRESS" };
    const { stateMachineArn } = await sfn.send(new CreateStateMachineCommand(request));
    const ran = await sfn.send(new StartSyncExecutionCommand({ stateMachineArn, input: '{"b":2}' }));
    return tested.output === '{"a":1}' && ran.output === '{"b":2}' && ran.startDate instanceof Date;
  },
  async "an execution, and an error of the model"() {
    const sfn = new SFNClient({});
    const request = { name: "standard-javascript", definition: DEFINITION, roleArn: ROLE };
    const { stateMachineArn } = await sfn.send(new CreateStateMachineCommand(request));
    const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn }));
    let described;
    do described = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    while (described.status === "RUNNING");
    try {
      await sfn.send(new DescribeExecutionCommand({ executionArn: executionArn + "x" }));
      return false;
    } catch (error) {
      return described.status === "SUCCEEDED" && error instanceof sfnModule.ExecutionDoesNotExist;
    }
  },
};

for (const [name, check] of Object.entries(checks)) {
  let seen;
  try {
    seen = (await check()) ? "" : "another answer";
  } catch (error) {
    seen = `${error.name}: ${error.message}`;
  }
  console.log(JSON.stringify([name, seen]));
}
