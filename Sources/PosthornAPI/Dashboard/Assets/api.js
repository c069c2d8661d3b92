// The documented API, and nothing else: every request of these pages goes through here.

/// Where the program is, with its base path.
export const base = new URL('../../', import.meta.url).pathname;

const keyName = 'posthorn-key';

/// The reader's key; kept by the tab alone, and gone with it.
export const key = {
    get: () => sessionStorage.getItem(keyName),
    set: text => sessionStorage.setItem(keyName, text),
    clear: () => sessionStorage.removeItem(keyName),
};

/// What the reader may do: `{key, node, rights, csrf_token}`.
export const me = {
    access: null,
    can: right => me.access?.rights.includes(right) ?? false,
    /// Whether the reader came through the link of a portal session, and has no key.
    get isVisitor() { return (me.access?.csrf_token ?? null) !== null; },
    /// Whether the whole outbox is seen.
    get seesAll() { return me.access !== null && me.access.node === null; },
};

/// A refusal (RFC 9457), or no answer at all.
export class Problem extends Error {
    constructor(status, body, requestID) {
        super(body.detail ?? body.title ?? `answered ${status}`);
        this.status = status;
        this.title = body.title ?? 'The request failed';
        this.kind = (body.type ?? '').split('/').pop();
        this.errors = body.errors ?? [];
        this.requestID = requestID;
    }
}

/// A path of parts that may hold anything.
export function path(strings, ...values) {
    return strings.reduce((text, part, i) => text + part + (i < values.length ? encodeURIComponent(values[i]) : ''), '');
}

/// A query string; empty values are left out, lists are repeated.
export function query(values) {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(values)) {
        for (const each of Array.isArray(value) ? value : [value]) {
            if (each !== null && each !== undefined && each !== '') parameters.append(name, each);
        }
    }
    const text = parameters.toString();
    return text === '' ? '' : `?${text}`;
}

/// Asks the API. Answers `{body, text, tag}`: the body, read, and as it was written.
/// - `options.body`: an object to send; `options.type`: its media type, if it is another than JSON; `options.tag`: for If-Match.
export async function ask(method, target, options = {}) {
    const headers = { Accept: 'application/json, application/problem+json' };
    const secret = key.get();
    if (secret) headers.Authorization = `Bearer ${secret}`;
    if (options.body !== undefined) headers['Content-Type'] = options.type ?? 'application/json';
    if (options.tag) headers['If-Match'] = options.tag;
    // What the browser sends by itself must be meant by this page; and where it sends another session's cookie, it must not be shown as this one's.
    if (!secret && me.isVisitor) headers['X-CSRF-Token'] = me.access.csrf_token;
    let response;
    try {
        response = await fetch(base + target, {
            method, headers, signal: options.signal, cache: 'no-store', credentials: secret ? 'omit' : 'same-origin', redirect: 'error',
            body: options.body === undefined ? undefined : JSON.stringify(options.body),
        });
    } catch (error) {
        if (error.name === 'AbortError') throw error;
        throw new Problem(0, { title: 'No answer', detail: 'posthorn run does not answer; is it running, and is the network up?' });
    }
    const text = await response.text();
    let body = null;
    try { body = text === '' ? null : JSON.parse(text); } catch { body = { detail: text.slice(0, 200) }; }
    if (response.ok) return { body, text, tag: response.headers.get('ETag') };
    const problem = new Problem(response.status, body ?? {}, response.headers.get('X-Request-Id'));
    if (response.status === 401 && !options.isTrial) dispatchEvent(new CustomEvent('signed-out', { detail: problem }));
    throw problem;
}

export async function get(target, signal, isTrial = false) { return (await ask('GET', target, { signal, isTrial })).body; }

export async function post(target, body) { return (await ask('POST', target, { body })).body; }

/// All elements of a list, `limit` at most, part by part. Says whether there are more. Where little fits a filter, parts have few elements or
/// none, so their number has a limit too.
export async function all(target, limit, signal, partLimit = Math.ceil(limit / 250) + 4, tell = () => {}) {
    const elements = [];
    let cursor = null;
    let parts = 0;
    do {
        const separator = target.includes('?') ? '&' : '?';
        const part = await get(`${target}${separator}limit=250${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`, signal);
        elements.push(...part.data);
        cursor = part.next_cursor;
        parts += 1;
        tell(elements.length);
    } while (cursor && elements.length < limit && parts < partLimit);
    return { elements, hasMore: cursor !== null };
}
