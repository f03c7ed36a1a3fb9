// A Chromium without a window, driven by the DevTools protocol over a pipe: no port is opened, and no library is wanted.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How long a command of the protocol may take, in milliseconds. */
const PATIENCE = 60_000;

export class Chromium {
  static async start(program) {
    const chromium = new Chromium();
    chromium.profile = mkdtempSync(join(tmpdir(), "fwdsl-chromium-"));
    const arguments_ = [
      "--headless=new", "--no-sandbox", "--remote-debugging-pipe", `--user-data-dir=${chromium.profile}`,
      "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--no-first-run", "--hide-scrollbars",
      "--force-color-profile=srgb", "--font-render-hinting=none", "about:blank",
    ];
    chromium.process = spawn(program, arguments_, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    chromium.process.on("error", (error) => chromium.fail(error));
    chromium.process.on("exit", (code) => chromium.fail(new Error(`${program} ended with ${code}`)));
    chromium.waiting = new Map();
    chromium.listeners = [];
    chromium.number = 0;
    let rest = "";
    chromium.process.stdio[4].setEncoding("utf8").on("data", (text) => {
      const messages = (rest + text).split("\0");
      rest = messages.pop();
      messages.forEach((message) => chromium.receive(JSON.parse(message)));
    });
    const { targetInfos } = await chromium.send("Target.getTargets");
    const target = targetInfos.find((target) => target.type === "page");
    const { sessionId } = await chromium.send("Target.attachToTarget", { targetId: target.targetId, flatten: true });
    chromium.session = sessionId;
    return chromium;
  }

  fail(error) {
    this.ended = error;
    this.waiting?.forEach(({ reject }) => reject(error));
  }

  receive(message) {
    if (message.id === undefined) {
      this.listeners.forEach((listener) => listener(message.method, message.params));
      return;
    }
    const { resolve, reject, method } = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.error) reject(new Error(`${method}: ${message.error.message}`));
    else resolve(message.result);
  }

  /** Sends a command, and gives its result. */
  send(method, params = {}) {
    if (this.ended) return Promise.reject(this.ended);
    const id = ++this.number;
    const text = JSON.stringify({ id, method, params, sessionId: this.session });
    this.process.stdio[3].write(`${text}\0`);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method} takes too long`)), PATIENCE);
      const settle = (settled) => (value) => { clearTimeout(timer); settled(value); };
      this.waiting.set(id, { resolve: settle(resolve), reject: settle(reject), method });
    });
  }

  /** Waits for an event. */
  event(name) {
    return new Promise((resolve) => {
      const listener = (method, params) => {
        if (method !== name) return;
        this.listeners = this.listeners.filter((other) => other !== listener);
        resolve(params);
      };
      this.listeners.push(listener);
    });
  }

  /** What an expression gives in the page, which may be a promise. */
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression, awaitPromise: true, returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  async stop() {
    this.process.removeAllListeners("exit");
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    // It closes the pipe before it has answered.
    this.send("Browser.close").catch(() => {});
    const timer = setTimeout(() => this.process.kill("SIGKILL"), 5_000);
    await ended;
    clearTimeout(timer);
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
