// What people read: times, lengths, counts, states, and what each error means and asks for. The same words as the command line's.

import { h } from './dom.js';
import { laidOut } from './json.js';

const numbers = new Intl.NumberFormat('en');
const dateTimes = new Intl.DateTimeFormat('en-GB', {
    year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit',
});

/// Shown where a figure could not be had. Never a 0.
export const unknown = 'unknown';

export function count(value) { return typeof value === 'number' ? numbers.format(value) : unknown; }

export function counted(value, one, many = `${one}s`) { return `${count(value)} ${value === 1 ? one : many}`; }

export function rate(value) { return typeof value === 'number' ? `${value < 10 ? value.toFixed(1) : numbers.format(Math.round(value))}/s` : unknown; }

/// A length of time.
export function length(milliseconds) {
    if (typeof milliseconds !== 'number') return unknown;
    const seconds = milliseconds / 1000;
    if (seconds < 1) return `${Math.round(milliseconds)} ms`;
    if (seconds < 10) return `${seconds.toFixed(1)} s`;
    if (seconds < 100) return `${Math.round(seconds)} s`;
    if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
    if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
    return `${Math.round(seconds / 86400)} days`;
}

/// How far a moment is from now, in words.
export function distance(text, now = Date.now()) {
    const difference = Date.parse(text) - now;
    return difference >= 0 ? `in ${length(difference)}` : `${length(-difference)} ago`;
}

/// A moment in the reader's own time, and in UTC under the pointer.
export function time(text) {
    if (!text) return null;
    const moment = new Date(text);
    return h('time', { datetime: text, title: `${text.replace('T', ' ').replace('Z', '')} UTC` }, dateTimes.format(moment));
}

/// A moment with how far it is from now.
export function timeAndDistance(text) { return text ? [time(text), h('span', { class: 'dim' }, ` (${distance(text)})`)] : null; }

/// Whether a retry comes after: pending with attempts behind it.
export function isRetrying(delivery) { return delivery.state === 'pending' && delivery.attempts > 0; }

const stateKinds = { delivered: 'good', exhausted: 'bad', held: 'warn', cancelled: '', pending: '' };

export function deliveryState(delivery) {
    const kind = isRetrying(delivery) ? 'warn' : stateKinds[delivery.state] ?? '';
    return h('span', { class: `badge ${kind}` }, isRetrying(delivery) ? 'retrying' : delivery.state);
}

/// What is the matter with an endpoint, and since when it is known; `null` when nothing is.
export function endpointTrouble(endpoint) {
    if (endpoint.broken) return { kind: 'bad', word: 'broken', text: endpoint.broken };
    if (endpoint.state === 'disabled') return { kind: 'warn', word: 'disabled', text: endpoint.reason ?? 'switched off; its deliveries are held' };
    if (endpoint.state === 'unverified') return { kind: 'warn', word: 'unverified', text: endpoint.reason ?? 'its URL has not proved itself yet; its deliveries are held' };
    if (isSuspended(endpoint)) return { kind: 'bad', word: 'suspended', text: `${failures(endpoint.unhealthy)}; what waits for it uses no attempts, and the next probe is ${distance(endpoint.unhealthy.next_probe_at)}` };
    if (endpoint.throttled_until) return { kind: 'warn', word: 'throttled', text: `its receiver asked to be left alone; next try ${distance(endpoint.throttled_until)}` };
    if (endpoint.unhealthy?.health === 'failing') return { kind: 'warn', word: 'failing', text: failures(endpoint.unhealthy) };
    if (endpoint.limited_by?.length > 0) return { kind: 'warn', word: 'limited', text: `deliveries wait for the limits of ${endpoint.limited_by.map(limitName).join(', ')}` };
    return null;
}

function failures({ failures_in_a_row: number, health_reason: reason, failing_since: since, disables_at: end }) {
    const long = since ? ` for ${length(Date.now() - Date.parse(since))}` : '';
    return `${counted(number, 'attempt has', 'attempts have')} failed in a row${long}, the last with ${reason}${end ? `; it is disabled ${Date.parse(end) > Date.now() ? distance(end) : 'by the next failure'} unless one succeeds` : ''}`;
}

/// A part of a whole in per cent; never 100 or 0 where it is not quite so.
export function share(part, whole) {
    if (typeof part !== 'number' || !(whole > 0)) return unknown;
    const percent = Math.floor(part / whole * 1000) / 10;
    return `${part > 0 && percent === 0 ? 'less than 0.1' : percent} %`;
}

/// A count that may not be whole.
export function atLeast(text, isAtLeast) { return isAtLeast ? `at least ${text}` : text; }

/// Whether the engine leaves it alone for now, which its receiver has not asked for.
export function isSuspended(endpoint) { return endpoint.unhealthy?.health === 'suspended'; }

/// Whose a limit of many endpoints is.
export function limitName(node) { return node ?? 'all endpoints'; }

/// Limits of many endpoints together.
export function limitWords(limits) {
    return [limits.rate_per_second && `${numbers.format(limits.rate_per_second)} a second`, limits.max_in_flight && `${count(limits.max_in_flight)} at once`]
        .filter(Boolean).join(', ');
}

/// The state of an endpoint in a word. `other`: what is the matter with its deliveries, if anything is.
export function endpointState(endpoint, other = false) {
    const trouble = endpointTrouble(endpoint);
    const badge = (kind, word) => h('span', { class: `badge ${kind}` }, word);
    return [(trouble || !other) && badge(trouble?.kind ?? 'good', trouble?.word ?? endpoint.state), trouble && other && ' ', other && badge('bad', other)];
}

/// What each error of an attempt means, and what to do about it.
export const errors = {
    http_status: ['The receiver answered with a status that is no success: any but 200, unless a vendor file says otherwise.', 'Read what it answered. Its URL may be wrong, or those who run it must mend it or make it answer 200.'],
    timeout: ['The receiver did not finish its answer before the deadline (connect, headers and body together).', 'Let the receiver answer first and work afterwards, or give the endpoint a longer timeout.'],
    dns: ['The host\'s name could not be resolved; check the URL and the name servers.', 'Correct the host in the endpoint\'s URL, or let its owner mend the DNS record.'],
    connect: ['No connection came about: refused, unreachable or filtered.', 'Check host and port of the URL, and whether a firewall lets this machine in.'],
    tls: ['The TLS handshake failed: the certificate, its host name, its dates or the protocol version.', 'The error text says which. Those who run the receiver must renew or complete its certificate.'],
    connection_closed: ['The receiver closed the connection before it had sent a whole answer header.', 'Look into the receiver\'s log, and that of a proxy before it, at the time of the attempt.'],
    bad_response: ['The receiver\'s answer is not well-formed HTTP.', 'The URL may lead to something that is no web server; check its port.'],
    headers_too_large: ['The receiver\'s answer headers are larger than any real one\'s.', 'Those who run the receiver must send fewer or shorter headers.'],
    refused_address: ['The URL leads to an address that the egress guard forbids.', 'Use a public address. If this one is meant, those who run Posthorn open its range with --allow.'],
    unbuildable: ['The endpoint\'s format cannot carry this event; no further attempt is made, since none can help.', 'Choose a format that can carry it, or correct the event; then retry.'],
    resources: ['This machine lacked memory, descriptors, ports or a way out; the request did not leave it.', 'Run posthorn doctor on the server.'],
    internal: ['The request failed inside the sender; the error text has the detail.', 'Look at the error text, and at the log of posthorn run.'],
};

/// What some statuses ask for, more exactly than the error does.
const statusRemedies = [
    [status => status >= 300 && status < 400, 'It points to another URL, and no redirect is followed: put the URL that it points to into the endpoint\'s settings.'],
    [status => status === 401 || status === 403, 'It does not accept who calls. Compare the secret or token in the endpoint\'s settings with what the receiver has, or rotate the secret and give the new one to those who run the receiver.'],
    [status => status === 404 || status === 405 || status === 410, 'Nothing takes the request at this URL. Correct the URL in the endpoint\'s settings, then retry at the present URL.'],
    [status => status === 429 || status === 503, 'It is busy or down. Retries come by themselves as long as there are attempts left; if it stays so, ask those who run the receiver.'],
    [status => status >= 500, 'It failed inside. Those who run it find more in its log at the time of the attempt.'],
];

/// What the error of a delivery or an attempt means, and what to do about it.
export function advice({ error, status }) {
    const [meaning, remedy] = errors[error] ?? [error, ''];
    const closer = error === 'http_status' && statusRemedies.find(([fits]) => fits(status));
    return [meaning, closer ? closer[1] : remedy];
}

/// When a pending delivery is tried: in a while, or as soon as what is before it lets it.
export function due(text) { return text ? [Date.parse(text) < Date.now() ? 'due since ' : 'next ', timeAndDistance(text)] : null; }

/// Which lanes of an endpoint stand still, and what waits in them.
export function stoppedLanes(lanes) {
    return `${atLeast(counted(lanes.stopped, 'lane is', 'lanes are'), lanes.at_least)} stopped by an exhausted delivery, with ${atLeast(counted(lanes.stopped_waiting, 'delivery', 'deliveries'), lanes.at_least)} behind`;
}

/// What each state of a delivery means for the reader.
export const states = {
    pending: 'It waits for its next attempt, or is on the wire.',
    held: 'Its endpoint is disabled, unverified or broken. It goes out when that is mended.',
    delivered: 'The receiver took it.',
    exhausted: 'Every attempt failed. It stays here until it is retried by hand.',
    cancelled: 'It was taken back by hand, or its endpoint was removed. It is not sent any more.',
};

/// What an attempt came to, in a few words.
export function outcome(attempt) {
    if (attempt.error) return attempt.error_text ?? attempt.error;
    return attempt.status ? `answered ${attempt.status}` : '';
}

/// JSON laid out for people; the text as it is where it is none.
export function pretty(text) {
    try { JSON.parse(text); } catch { return text; }
    return laidOut(text);
}

/// A word for the shell.
function quoted(text) { return `'${text.replaceAll('\'', '\'\\\'\'')}'`; }

/// A request as a command for curl. Secrets stay masked in it.
export function curl(request) {
    const parts = [`curl -X ${request.method} ${quoted(request.url)}`];
    for (const { name, value } of request.headers) {
        if (!['content-length', 'host'].includes(name.toLowerCase())) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
    }
    if (request.body !== null) parts.push(`--data-binary ${quoted(request.body)}`);
    return parts.join(' \\\n  ');
}
