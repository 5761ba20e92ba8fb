// The reference workflow as a CDK app: the same states and resources as definitions/carnation.py.
// It exists to be measured: benchmarks/build.py runs `cdk synth` on it. What CDK's constructs have no
// word for (a message's attributes, a path to the concurrency) is left out.
"use strict";

const path = require("node:path");
const { App, Duration, Stack } = require("aws-cdk-lib");
const cloudwatch = require("aws-cdk-lib/aws-cloudwatch");
const { SnsAction } = require("aws-cdk-lib/aws-cloudwatch-actions");
const dynamodb = require("aws-cdk-lib/aws-dynamodb");
const lambda = require("aws-cdk-lib/aws-lambda");
const sns = require("aws-cdk-lib/aws-sns");
const sqs = require("aws-cdk-lib/aws-sqs");
const sfn = require("aws-cdk-lib/aws-stepfunctions");
const tasks = require("aws-cdk-lib/aws-stepfunctions-tasks");

const LAMBDAS = path.join(__dirname, "..", "..", "lambdas");
const EVENT_FIELDS = ["sequence_no", "random_value", "generated_unix_time"];
const RETRY_ONCE = { errors: ["States.ALL"], interval: Duration.seconds(1), maxAttempts: 1 };

function makeFunction(stack, id, folder, environment) {
  return new lambda.Function(stack, id, {
    runtime: lambda.Runtime.PYTHON_3_13,
    architecture: lambda.Architecture.ARM_64,
    handler: "handler.handle",
    code: lambda.Code.fromAsset(path.join(LAMBDAS, folder)),
    memorySize: 256,
    timeout: Duration.seconds(60),
    tracing: lambda.Tracing.ACTIVE,
    environment,
  });
}

function sendMessage(stack, id, queue, retryAttempt) {
  const body = Object.fromEntries(
    EVENT_FIELDS.map((field) => [field, sfn.JsonPath.stringAt(`$.event.${field}`)]),
  );
  return new tasks.SqsSendMessage(stack, id, {
    queue,
    messageBody: sfn.TaskInput.fromObject({ ...body, retry_attempt: retryAttempt }),
    resultPath: sfn.JsonPath.DISCARD,
    taskTimeout: sfn.Timeout.duration(Duration.seconds(30)),
  }).addRetry(RETRY_ONCE);
}

function deleteMessage(stack, id, queue, next) {
  const task = new tasks.CallAwsService(stack, id, {
    service: "sqs",
    action: "deleteMessage",
    parameters: {
      QueueUrl: queue.queueUrl,
      ReceiptHandle: sfn.JsonPath.stringAt("$.receipt_handle"),
    },
    iamResources: [queue.queueArn],
    resultPath: sfn.JsonPath.DISCARD,
    taskTimeout: sfn.Timeout.duration(Duration.seconds(30)),
  });
  task.addRetry(RETRY_ONCE).addCatch(next, { resultPath: "$.deletion" });
  task.next(next);
  return task;
}

function invoke(stack, id, lambdaFunction, props) {
  return new tasks.LambdaInvoke(stack, id, {
    lambdaFunction,
    retryOnServiceExceptions: true,
    ...props,
  });
}

function drawIteration(stack, processFunction, queue, deadLetters) {
  const isQueued = sfn.Condition.isPresent("$.receipt_handle");
  const written = new sfn.Succeed(stack, "Written");
  const failed = new sfn.Pass(stack, "Failed", {
    comment: "The fields of a failed event that the execution needs",
    parameters: {
      sequence_no: sfn.JsonPath.numberAt("$.event.sequence_no"),
      generated_unix_time: sfn.JsonPath.numberAt("$.event.generated_unix_time"),
      retry_attempt: sfn.JsonPath.numberAt("$.event.retry_attempt"),
      error: sfn.JsonPath.stringAt("$.failure.Error"),
    },
  });
  const hadMessage = new sfn.Choice(stack, "HadMessage")
    .when(isQueued, deleteMessage(stack, "DeleteOldMessage", queue, failed))
    .otherwise(failed);
  const attempt = sfn.JsonPath.numberAt("$.event.retry_attempt");
  const nextAttempt = sfn.JsonPath.mathAdd(attempt, 1);
  const putInQueue = sendMessage(stack, "PutInQueue", queue, nextAttempt);
  const putInDeadLetters = sendMessage(stack, "PutInDeadLetters", deadLetters, attempt);
  putInQueue.next(hadMessage);
  putInDeadLetters.next(hadMessage);
  const attemptsLeft = new sfn.Choice(stack, "AttemptsLeft")
    .when(sfn.Condition.numberGreaterThanEquals("$.event.retry_attempt", 3), putInDeadLetters)
    .otherwise(putInQueue);
  const wasQueued = new sfn.Choice(stack, "WasQueued")
    .when(isQueued, deleteMessage(stack, "DeleteMessage", queue, written))
    .otherwise(written);
  const processEvent = invoke(stack, "ProcessEvent", processFunction, {
    payload: sfn.TaskInput.fromJsonPathAt("$.event"),
    resultPath: sfn.JsonPath.DISCARD,
  });
  processEvent
    .addCatch(putInDeadLetters, { errors: ["EventConflict"], resultPath: "$.failure" })
    .addCatch(attemptsLeft, { errors: ["States.ALL"], resultPath: "$.failure" });
  return processEvent.next(wasQueued);
}

function drawDefinition(stack, collectFunction, processFunction, queue, deadLetters) {
  const collect = invoke(stack, "CollectEvents", collectFunction, {
    payload: sfn.TaskInput.fromJsonPathAt("$"),
    resultSelector: { events: sfn.JsonPath.objectAt("$.Payload.events") },
  });
  const processEvents = new sfn.Map(stack, "ProcessEvents", {
    itemsPath: "$.events",
    maxConcurrency: 10,
    resultSelector: { "failed.$": "$[?(@.error)]" },
  });
  processEvents.itemProcessor(drawIteration(stack, processFunction, queue, deadLetters));
  const someFailed = new sfn.Fail(stack, "EventsFailed", {
    error: "EventsFailed",
    cause: "Some events were not written",
  });
  const anyFailed = new sfn.Choice(stack, "AnyFailed")
    .when(sfn.Condition.isPresent("$.failed[0]"), someFailed)
    .otherwise(new sfn.Succeed(stack, "EventsWritten"));
  return collect.next(processEvents).next(anyFailed);
}

function addAlarms(stack, machine, deadLetters, functions) {
  const action = new SnsAction(new sns.Topic(stack, "Alarms"));
  const metrics = {
    ExecutionsFailed: machine.metricFailed(),
    ExecutionsTimedOut: machine.metricTimedOut(),
    ExecutionsAborted: machine.metricAborted(),
    DeadLetters: deadLetters.metricApproximateNumberOfMessagesVisible(),
    ...Object.fromEntries(functions.map((one) => [`${one.node.id}Errors`, one.metricErrors()])),
  };
  for (const [id, metric] of Object.entries(metrics)) {
    metric
      .createAlarm(stack, id, {
        threshold: 0,
        evaluationPeriods: 1,
        comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      })
      .addAlarmAction(action);
  }
}

function main() {
  const app = new App({ analyticsReporting: false });
  const stack = new Stack(app, "carnation");
  const deadLetters = new sqs.Queue(stack, "DeadLetterQueue", { retentionPeriod: Duration.days(14) });
  const queue = new sqs.Queue(stack, "Queue", {
    visibilityTimeout: Duration.seconds(4500),
    deadLetterQueue: { queue: deadLetters, maxReceiveCount: 10 },
  });
  const table = new dynamodb.TableV2(stack, "Events", {
    partitionKey: { name: "sequenceNo", type: dynamodb.AttributeType.NUMBER },
    sortKey: { name: "generatedUnixTime", type: dynamodb.AttributeType.NUMBER },
  });
  const collect = makeFunction(stack, "CollectEventsFunction", "collect_events", {
    QUEUE_URL: queue.queueUrl,
    DEAD_LETTER_QUEUE_URL: deadLetters.queueUrl,
  });
  const process = makeFunction(stack, "ProcessEventFunction", "process_event", {
    TABLE_NAME: table.tableName,
  });
  queue.grantConsumeMessages(collect);
  deadLetters.grantSendMessages(collect);
  table.grantReadWriteData(process);
  const definition = drawDefinition(stack, collect, process, queue, deadLetters);
  const machine = new sfn.StateMachine(stack, "Machine", {
    definitionBody: sfn.DefinitionBody.fromChainable(definition),
    timeout: Duration.hours(1),
    tracingEnabled: true,
  });
  addAlarms(stack, machine, deadLetters, [collect, process]);
  app.synth();
}

main();
