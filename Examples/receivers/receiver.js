// A webhook receiver in plain Node (18 or later), without packages.
//
//   node receiver.js [CONFIG]          default: receiver.json beside this file, port 9999
//   curl http://localhost:9999/        greets you
//
// CONFIG is a JSON file: "port", "host", and under "hooks" a path for each webhook with its "format" and credentials:
//   weseedo     (no signature)
//   diio        signing_secret      also answers the handshake, GET ?echo_string=…
//   conference  token
//   webio       secret, api_key, organisation_id; "values" answers custom value requests (GET ?customerUID=…)
//   voiso       key, and/or authorization (the whole header value); GET is Call Notify
//   standard    secret: whsec_… (HMAC) or whpk_… (ed25519), or a list of them
// The environment variables PORT and HOST win over the file.
//
// Every request is verified before its body is believed, and answered 200; a wrong signature gets 401. What arrives twice
// is answered 200 again and not handled again: the sender repeats a request whose answer got lost. weseedo and standard
// carry an event id to tell by; for the other formats a retry has the very same bytes, so the digest of body or query
// serves. It also takes two events for one whose bytes are the same: data with an id or a time of its own is never that.

'use strict';
const http = require('node:http');
const crypto = require('node:crypto');
const fs = require('node:fs');
const { join } = require('node:path');

const BODY_LIMIT_BYTES = 8 * 1024 * 1024;
// Call Notify puts a whole payload into the request line.
const HEADER_LIMIT_BYTES = 64 * 1024;
// Longer than senders keep idle connections, or they would reuse one at the moment it is closed.
const IDLE_LIMIT_MILLISECONDS = 75_000;
const REMEMBERED_EVENTS = 100_000;
const CLOCK_TOLERANCE_SECONDS = 300;

/**
 * Called once for each event. Put your own work here; keep it short, or hand it to a queue, and let the answer go out.
 * It may be async. What it throws is answered 500, so that the sender comes again.
 * JSON.parse rounds integers beyond 2^53: where such numbers matter, read them from the body's text.
 */
function handle(event) {
  console.log(JSON.stringify(event));
}

class Refused extends Error {}

function sameBytes(a, b) {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && crypto.timingSafeEqual(left, right);
}

/** A header's bytes: Node decodes headers as Latin-1. */
function headerBytes(headers, name) {
  return Buffer.from(headers[name] ?? '', 'latin1');
}

function demand(fits, what) {
  if (!fits) throw new Refused(what);
}

function hmac(key, ...parts) {
  const mac = crypto.createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

function checkTimestamp(text) {
  demand(/^\d{1,12}$/.test(text ?? ''), 'the timestamp is missing or no number');
  const age = Math.abs(Date.now() / 1000 - Number(text));
  demand(age <= CLOCK_TOLERANCE_SECONDS, 'the timestamp is too far from this clock');
}

function parseObject(bytes) {
  let value;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new Refused('the body is not JSON');
  }
  demand(value !== null && typeof value === 'object' && !Array.isArray(value), 'the body is not a JSON object');
  return value;
}

/** An ed25519 public key from its 32 bytes. */
function publicKey(bytes) {
  return crypto.createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') }, format: 'jwk' });
}

function standardSignatureFits(secret, signature, message) {
  if (secret.startsWith('whpk_') && signature.startsWith('v1a,')) {
    const bytes = Buffer.from(signature.slice('v1a,'.length), 'base64');
    return crypto.verify(null, message, publicKey(Buffer.from(secret.slice('whpk_'.length), 'base64')), bytes);
  }
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return secret.startsWith('whsec_') && sameBytes(`v1,${hmac(key, message).toString('base64')}`, signature);
}

function checkWebioToken(hook, token) {
  const [header, claims, signature, ...more] = (token ?? '').split('.');
  demand(signature && more.length === 0, 'x-webio-token is missing or no JSON Web Token');
  // The algorithm is ours to choose, not the token's: "none" and the like prove nothing.
  demand(parseObject(Buffer.from(header, 'base64url')).alg === 'HS256', 'x-webio-token is not signed with HS256');
  demand(sameBytes(hmac(hook.secret, `${header}.${claims}`), Buffer.from(signature, 'base64url')), 'x-webio-token does not match');
  const { apiKey, organisationId } = parseObject(Buffer.from(claims, 'base64url'));
  demand(apiKey === hook.api_key && organisationId === hook.organisation_id, 'x-webio-token is for another key or organisation');
}

function digest(...parts) {
  const hash = crypto.createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** One function for each format: verifies a request and returns the event in it. */
const formats = {
  weseedo({ body }) {
    const { id, type, data } = parseObject(body);
    demand(typeof id === 'string', 'the body has no id');
    return { id, type, data };
  },
  diio({ hook, headers, body }) {
    const data = parseObject(body);
    demand(typeof data.id === 'string', 'the object has no id');
    const expected = hmac(hook.signing_secret, `${data.id}-${headers['do-timestamp']}`).toString('hex');
    demand(sameBytes(expected, headers['do-signature'] ?? ''), 'DO-Signature does not match');
    checkTimestamp(headers['do-timestamp']);
    return { id: digest(body), type: data.action, data };
  },
  conference({ hook, headers, body }) {
    demand(sameBytes(hook.token, headerBytes(headers, 'x-signing-token')), 'x-signing-token does not match');
    const { event, payload } = parseObject(body);
    demand(typeof payload === 'string', 'the payload is not a string');
    return { id: digest(body), type: event, data: parseObject(Buffer.from(payload)) };
  },
  webio({ hook, headers, body }) {
    checkWebioToken(hook, headers['x-webio-token']);
    const data = parseObject(body);
    return { id: digest(body), type: data.type, data };
  },
  voiso({ hook, method, headers, query, body }) {
    if (hook.authorization) demand(sameBytes(hook.authorization, headerBytes(headers, 'authorization')), 'Authorization does not match');
    if (method === 'GET') return { id: digest(query.toString()), type: 'call notify', data: Object.fromEntries(query) };
    const { event, key, payload } = parseObject(body);
    if (hook.key) demand(typeof key === 'string' && sameBytes(hook.key, key), 'the key does not match');
    return { id: digest(body), type: event, data: payload };
  },
  standard({ hook, headers, body }) {
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
    demand(id && timestamp && signatures, 'a webhook- header is missing');
    const message = Buffer.concat([headerBytes(headers, 'webhook-id'), Buffer.from(`.${timestamp}.`), body]);
    const fits = [hook.secret].flat().some((secret) => signatures.split(' ').some((one) => standardSignatureFits(secret, one, message)));
    demand(fits, 'webhook-signature does not match');
    checkTimestamp(timestamp);
    const { type, data } = parseObject(body);
    return { id, type, data };
  },
};

/** What each format needs in its hook. */
const credentials = {
  weseedo: [],
  diio: ['signing_secret'],
  conference: ['token'],
  webio: ['secret', 'api_key', 'organisation_id'],
  voiso: [],
  standard: ['secret'],
};

/**
 * The latest events, oldest forgotten first: true when handled, false while being handled. A fleet of receivers would share
 * such a list in its database.
 */
const seen = new Map();

/** Hands an event on unless it was before, and answers. */
async function take(path, event, response) {
  const key = `${path} ${event.id}`;
  if (seen.get(key)) return answer(response, 200, 'ok, seen before\n');
  // Whether it will be handled is not known yet, so this is no 200: the sender comes again.
  if (seen.has(key)) return answer(response, 503, 'this event is being handled\n');
  seen.set(key, false);
  try {
    await handle({ path, ...event });
  } catch (error) {
    seen.delete(key);
    throw error;
  }
  seen.set(key, true);
  if (seen.size > REMEMBERED_EVENTS) seen.delete(seen.keys().next().value);
  answer(response, 200, 'ok\n');
}

function answer(response, status, text, type = 'text/plain; charset=utf-8', headers = {}) {
  response.writeHead(status, { 'content-type': type, ...headers });
  response.end(text);
}

/** Answers what is no event: a browser, diio's handshake, Webio's value request. */
function answerQuestion(hook, { method, headers, query }, response) {
  if (method !== 'GET' || hook?.format === 'voiso') return false;
  if (hook?.format === 'diio' && query.has('echo_string')) {
    answer(response, 200, query.get('echo_string'), 'text/plain');
    return true;
  }
  if (hook?.format === 'webio' && query.has('customerUID')) {
    checkWebioToken(hook, headers['x-webio-token']);
    const names = [...query].filter(([name]) => /^param\d+$/.test(name)).map(([, field]) => field);
    const known = names.filter((field) => Object.hasOwn(hook.values ?? {}, field));
    answer(response, 200, JSON.stringify(Object.fromEntries(known.map((field) => [field, hook.values[field]]))), 'application/json');
    return true;
  }
  answer(response, 200, 'Welcome! This receiver is up and waiting for webhooks.\n');
  return true;
}

async function receive(config, request, response, body) {
  const [path, query = ''] = request.url.split(/\?(.*)/s);
  const hook = Object.hasOwn(config.hooks, path) ? config.hooks[path] : undefined;
  const received = { hook, method: request.method, headers: request.headers, query: new URLSearchParams(query), body };
  try {
    if (!['POST', 'GET'].includes(request.method)) return answer(response, 405, 'use POST\n', undefined, { allow: 'GET, POST' });
    if (answerQuestion(hook, received, response)) return;
    if (!hook) return answer(response, 404, 'no webhook is configured for this path\n');
    await take(path, formats[hook.format](received), response);
  } catch (error) {
    const isRefused = error instanceof Refused;
    console.error(`${isRefused ? 'refused' : 'failed at'} ${request.method} ${path}: ${error.message}`);
    if (isRefused) return answer(response, 401, `${error.message}\n`);
    answer(response, 500, 'the receiver failed; its log says why\n');
  }
}

/** Collects a body up to the limit, then answers. */
function collect(config, request, response) {
  const chunks = [];
  let size = 0;
  request.on('error', () => response.destroy());
  request.on('data', (chunk) => {
    size += chunk.length;
    if (size <= BODY_LIMIT_BYTES) chunks.push(chunk);
    else if (!response.writableEnded) answer(response, 413, 'the body is too long\n', undefined, { connection: 'close' });
  });
  request.on('end', () => {
    if (size <= BODY_LIMIT_BYTES) receive(config, request, response, Buffer.concat(chunks));
  });
}

/** Lets requests that are under way finish. */
function stop(server) {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
}

/** The comment at the top of this file. */
function help() {
  const lines = fs.readFileSync(__filename, 'utf8').split('\n');
  return lines.slice(0, lines.findIndex((line) => !line.startsWith('//'))).map((line) => line.slice(3)).join('\n');
}

function start() {
  if (['--help', '-h'].includes(process.argv[2])) {
    console.log(help());
    return;
  }
  const config = JSON.parse(fs.readFileSync(process.argv[2] ?? join(__dirname, 'receiver.json'), 'utf8'));
  for (const [name, hook] of Object.entries(config.hooks)) {
    if (!Object.hasOwn(formats, hook.format)) throw new Error(`hooks.${name}.format: use one of ${Object.keys(formats).join(', ')}`);
    for (const member of credentials[hook.format]) {
      if (!hook[member]?.length) throw new Error(`hooks.${name}.${member}: is missing`);
    }
  }
  const server = http.createServer({ maxHeaderSize: HEADER_LIMIT_BYTES }, (request, response) => collect(config, request, response));
  server.keepAliveTimeout = IDLE_LIMIT_MILLISECONDS;
  const port = Number(process.env.PORT ?? config.port ?? 9999);
  server.listen(port, process.env.HOST ?? config.host ?? '127.0.0.1', () => {
    console.error(`listening on http://localhost:${server.address().port}`);
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop(server));
}

try {
  start();
} catch (error) {
  console.error(`receiver: ${error.message}`);
  process.exit(1);
}
