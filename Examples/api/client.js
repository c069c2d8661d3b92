#!/usr/bin/env node
// Emits an event and manages an endpoint over Posthorn's HTTP API (Node 18 or later, no package).
//
//     export API_KEY=$(posthorn key create --node c1 --can emit,read,endpoints)
//     client.js http://127.0.0.1:8080 c1 https://crm.example/hook
//
// The arguments: where the API is, a node, and where the endpoint that is made for the example sends to.
"use strict";

class Refused extends Error {
  /** An answer that is no success, with what RFC 9457 says of it. */
  constructor(status, problem) {
    const faults = (problem.errors ?? []).map((fault) => `; ${fault.pointer ?? fault.parameter}: ${fault.detail}`);
    super(`${status} ${problem.title ?? ""}: ${problem.detail ?? ""}${faults.join("")}`);
    this.status = status;
  }
}

class Posthorn {
  constructor(base, key) {
    this.base = base.replace(/\/$/, "");
    this.key = key;
  }

  /** One request, repeated while the server is busy or away: events have ids, so that changes nothing. */
  async ask(method, path, { body, query, headers = {} } = {}) {
    const url = this.base + path + (query ? "?" + new URLSearchParams(query) : "");
    const fields = { Accept: "application/json", ...headers };
    if (body !== undefined) fields["Content-Type"] = "application/json";
    if (this.key) fields.Authorization = "Bearer " + this.key;
    for (let attempt = 0; ; attempt++) {
      let answer;
      try {
        answer = await fetch(url, {
          method,
          headers: fields,
          body: body === undefined ? undefined : JSON.stringify(body),
          signal: AbortSignal.timeout(30_000),
        });
      } catch (error) {
        if (attempt === 5) throw error;
        await pause(250 * 2 ** attempt);
        continue;
      }
      // Numbers of deliveries are strings: a number of JavaScript loses digits beyond 2^53.
      const value = await answer.json().catch(() => null);
      if (answer.ok) return { value, headers: answer.headers };
      if (![429, 503].includes(answer.status) || attempt === 5) throw new Refused(answer.status, value ?? {});
      await pause(1000 * Number(answer.headers.get("Retry-After") ?? 1));
    }
  }

  /** On disk when it resolves. The same event again is accepted and changes nothing; other content is refused with 409. */
  async emit(event) {
    return (await this.ask("POST", "/v1/events", { body: event })).value;
  }

  /** All that a filter finds, read page by page. */
  async *deliveries(filters) {
    for (let cursor; ; ) {
      const page = (await this.ask("GET", "/v1/deliveries", { query: { ...filters, ...(cursor && { cursor }) } })).value;
      yield* page.data;
      cursor = page.next_cursor;
      if (!cursor) return;
    }
  }
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Whether it is refused with a status. */
async function isRefused(status, promise) {
  try {
    await promise;
    return false;
  } catch (error) {
    if (error instanceof Refused && error.status === status) return true;
    throw error;
  }
}

async function main(base, node, url) {
  const posthorn = new Posthorn(base, process.env.API_KEY);
  const path = "/v1/endpoints/example-js";
  const settings = { id: "example-js", node, url, vendor: "weseedo", events: ["MEETING_*"] };
  const made = await posthorn.ask("POST", "/v1/endpoints", { body: settings });
  console.log("made endpoint", made.value.id);
  const event = { id: "from-js", type: "MEETING_STARTED", node, data: { id: "m1" } };
  for (let i = 0; i < 2; i++) {
    const accepted = await posthorn.emit(event);
    console.log(`accepted ${accepted.id}${accepted.duplicate ? ", which was there already" : ""}`);
  }
  if (await isRefused(409, posthorn.emit({ ...event, data: { id: "m2" } }))) console.log("refused from-js with other content");
  for await (const delivery of posthorn.deliveries({ event: "from-js", limit: 1 })) console.log("delivery to", delivery.endpoint);
  const read = { "If-Match": made.headers.get("ETag") };
  await posthorn.ask("PATCH", path, { body: { events: ["MEETING_STARTED"] }, headers: read });
  console.log("changed endpoint example-js");
  if (await isRefused(412, posthorn.ask("PATCH", path, { body: { events: ["USER_*"] }, headers: read }))) {
    console.log("refused a change of what has changed since");
  }
  await posthorn.ask("DELETE", path, { query: { waiting: "cancel" } });
  console.log("removed endpoint example-js");
}

const words = process.argv.slice(2);
if (words.length !== 3 || words[0].startsWith("-")) {
  const text = require("fs").readFileSync(__filename, "utf8").split("\n").slice(1, 7);
  console.log(text.map((line) => line.replace(/^\/\/ ?/, "")).join("\n"));
  process.exit(["--help", "-h"].includes(words[0]) ? 0 : 2);
}
main(...words).catch((error) => {
  console.error(`client.js: ${error.message}${error.cause ? ` (${error.cause.message})` : ""}`);
  process.exit(1);
});
