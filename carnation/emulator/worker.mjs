// The program of a worker process for Node: runs one function's handler through the Runtime API.
//
// It takes what Lambda's own runtime takes: CommonJS and ES modules, handlers that return, that
// return a promise, or that call back. Source:
// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
import { existsSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const MARK = "\x00\x04 end of invocation\n";
const [address, ...rest] = process.env.AWS_LAMBDA_RUNTIME_API.split("/");
const [host, port] = address.split(":");
const prefix = `/${rest.join("/")}/2018-06-01/runtime`;
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
process.env.AWS_LAMBDA_RUNTIME_API = address;

function ask(method, where, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) };
    const request = http.request({ host, port, method, path: prefix + where, agent, headers }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => resolve([answer.headers, Buffer.concat(parts).toString()]));
    });
    request.on("error", reject);
    request.end(body);
  });
}

class RuntimeError extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

function describe(error) {
  if (!(error instanceof Error)) {
    const message = typeof error === "string" ? error : JSON.stringify(error);
    return JSON.stringify({ errorType: typeof error, errorMessage: message, trace: [] });
  }
  const trace = (error.stack || "").split("\n");
  trace[0] = `${error.name}: ${error.message}`.split("\n")[0];
  return JSON.stringify({ errorType: error.name, errorMessage: error.message, trace });
}

async function loadModule(file) {
  for (const ending of ["", ".js", ".mjs", ".cjs"]) {
    const full = path.resolve(process.env.LAMBDA_TASK_ROOT, file + ending);
    if (ending === "" || !existsSync(full)) continue;
    if (ending === ".mjs") return import(pathToFileURL(full));
    try {
      return createRequire(full)(full);
    } catch (error) {
      const isModule = error.code === "ERR_REQUIRE_ESM" || error instanceof SyntaxError;
      if (ending === ".cjs" || !isModule) throw error;
      return import(pathToFileURL(full)); // "type": "module"
    }
  }
  throw new RuntimeError("Runtime.ImportModuleError", `Error: Cannot find module '${file}'`);
}

async function loadHandler(name) {
  const base = path.posix.basename(name);
  const dot = base.indexOf(".");
  if (dot < 1) throw new RuntimeError("Runtime.MalformedHandlerName", `Bad handler: ${name}`);
  const file = path.posix.join(path.posix.dirname(name), base.slice(0, dot));
  let found;
  try {
    found = await loadModule(file);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new RuntimeError("Runtime.UserCodeSyntaxError", String(error));
    }
    if (error.code === "MODULE_NOT_FOUND" || error.code === "ERR_MODULE_NOT_FOUND") {
      throw new RuntimeError("Runtime.ImportModuleError", String(error));
    }
    throw error;
  }
  for (const part of base.slice(dot + 1).split(".")) found = (found ?? {})[part] ?? found?.default?.[part];
  if (typeof found !== "function") {
    throw new RuntimeError("Runtime.HandlerNotFound", `${name} is undefined or not exported`);
  }
  return found;
}

function makeContext(headers) {
  const given = headers["lambda-runtime-client-context"];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: headers["lambda-runtime-aws-request-id"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    clientContext: given && JSON.parse(given),
    getRemainingTimeInMillis: () => Number(headers["lambda-runtime-deadline-ms"]) - Date.now(),
  };
}

// with nothing left to wait for, Lambda answers null for a handler that has not
let giveUp = () => {};
process.on("beforeExit", () => giveUp(null));

function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    giveUp = resolve;
    const callback = (error, result) => (error ? reject(error) : resolve(result));
    const result = handler(event, context, callback);
    if (result && typeof result.then === "function") result.then(resolve, reject);
    else if (handler.length < 3) resolve(result);
  });
}

// the handler may close the stream, but what it printed is out before the answer is sent
const endOutput = () => new Promise((resolve) => process.stdout.write(MARK, resolve));

let current = null;

async function fail(error) {
  const shown = describe(error);
  process.stdout.write(`${new Date().toISOString()}\t${current}\tERROR\tInvoke Error\t${shown}\n`);
  await endOutput();
  await ask("POST", `/invocation/${current}/error`, shown);
}

process.on("uncaughtException", async (error) => {
  if (current !== null) await fail(error);
  process.exit(129);
});
process.on("unhandledRejection", async (error) => {
  if (current !== null) {
    await fail(new RuntimeError("Runtime.UnhandledPromiseRejection", String(error)));
  }
  process.exit(128);
});

async function serve() {
  let handler;
  try {
    handler = await loadHandler(process.env._HANDLER);
  } catch (error) {
    await ask("POST", "/init/error", describe(error));
    process.exit(1);
  }
  for (;;) {
    const [headers, body] = await ask("GET", "/invocation/next");
    current = headers["lambda-runtime-aws-request-id"];
    try {
      const result = await run(handler, JSON.parse(body), makeContext(headers));
      const text = JSON.stringify(result === undefined ? null : result);
      await endOutput();
      await ask("POST", `/invocation/${current}/response`, text);
    } catch (error) {
      await fail(error);
    }
    current = null;
  }
}

serve();
