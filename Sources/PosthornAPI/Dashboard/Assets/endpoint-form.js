// The settings of an endpoint as a form: only what was changed is sent, and each fault that the API finds is shown at its field.

import { h, fill, announce, makeID, note } from './dom.js';
import { ask, get, path, query } from './api.js';
import { problemNote } from './router.js';

const formats = {
    weseedo: 'WeSeeDo', diio: 'diio', conference: 'iotum conference', webio: 'Webio', voiso: 'Voiso', standard: 'Standard Webhooks', own: 'another: choose body and signature',
};
const envelopes = ['raw', 'weseedo', 'diio', 'conference', 'webio', 'voiso', 'standard'];

/// What each signature needs, and what it may have.
const credentials = {
    none: [], diio: [['signing_secret']], 'conference-token': [['token']], 'webio-jwt': [['api_key'], ['secret', '32 bytes or more'], ['organisation_id']],
    'voiso-key': [['key'], ['authorization_token', 'optional'], ['authorization_prefix', 'optional; Bearer when left out']],
    'standard-webhooks': [['secret', 'whsec_..., or whsk_... for ed25519']],
    hmac: [['secret'], ['header', 'such as X-Hub-Signature-256'], ['prefix', 'optional, such as sha256='], ['content', 'optional: what is signed, such as {timestamp}.{body}'], ['value', 'optional: the header\'s whole value, such as t={timestamp},v1={signature}'], ['algorithm', 'optional: sha1, sha256, sha512'], ['encoding', 'optional: hex, base64']],
};
const signatures = { weseedo: 'none', diio: 'diio', conference: 'conference-token', webio: 'webio-jwt', voiso: 'voiso-key', standard: 'standard-webhooks' };
const plainNames = new Set(['header', 'prefix', 'content', 'value', 'algorithm', 'encoding', 'organisation_id', 'authorization_prefix']);

/// A form for an endpoint.
/// - `endpoint`: as the API has it. `options`: `isNew`, `nodes` and whether there are more (`hasMoreNodes`), `tag`, the button's `verb`, and `done` with what the API answers.
export function endpointForm(endpoint, options) {
    const message = h('div', { role: 'alert' });
    const given = endpoint.credentials && typeof endpoint.credentials === 'object' ? endpoint.credentials : {};
    const controls = new Map();

    function field(name, label, control, hint) {
        const id = makeID('field');
        control.id = id;
        control.dataset.field = name;
        const fault = h('p', { class: 'fault', id: `${id}-fault` });
        control.setAttribute('aria-describedby', `${hint ? `${id}-hint ` : ''}${id}-fault`);
        controls.set(name, { control, fault });
        return h('div', {}, h('label', { for: id }, label), hint && h('p', { class: 'hint', id: `${id}-hint` }, hint), control, fault);
    }
    const input = (value, more = {}) => h('input', { value: value ?? '', spellcheck: 'false', autocapitalize: 'none', autocomplete: 'off', ...more });
    const select = (choices, value) => {
        const element = h('select', {}, choices.map(([word, text]) => h('option', { value: word }, text)));
        element.value = value;
        return element;
    };

    /// Of very many nodes those are offered whose ids begin with what is typed.
    function nodeField() {
        const hint = 'It gets events of this node and of all below it.';
        const nodes = options.nodes ?? [{ id: endpoint.node }];
        const said = node => node.name ? `${node.id} (${node.name})` : node.id;
        if (!options.hasMoreNodes) return field('node', 'Node', select(nodes.map(node => [node.id, said(node)]), endpoint.node), hint);
        const list = h('datalist', { id: makeID('nodes') });
        const control = input(endpoint.node, { list: list.id });
        const offer = async () => {
            const typed = control.value.trim();
            try {
                const { data } = await get(`v1/nodes${query({ prefix: typed, limit: 25 })}`);
                if (control.value.trim() === typed) fill(list, data.map(node => h('option', { value: node.id }, said(node))));
            } catch { fill(list); }
        };
        control.addEventListener('input', offer);
        control.addEventListener('focus', offer, { once: true });
        const element = field('node', 'Node', control, `${hint} Type the beginning of its id.`);
        element.append(list);
        return element;
    }

    // A vendor's file is the operator's: it stays as it is, or makes room for another format.
    const ofFile = typeof endpoint.vendor === 'object' && endpoint.vendor !== null ? endpoint.vendor : null;
    const choices = [...Object.entries(formats), ...ofFile ? [['file', `of a vendor's file: ${ofFile.info?.title ?? 'vendor'}`]] : []];
    const format = select(choices, ofFile ? 'file' : endpoint.vendor ?? 'own');
    const envelope = select(envelopes.map(word => [word, word]), endpoint.envelope ?? 'raw');
    const signature = select(Object.keys(credentials).map(word => [word, word]), endpoint.signature ?? 'none');
    const own = h('div', { class: 'own' }, field('envelope', 'Body', envelope), field('signature', 'Signature', signature));
    const secrets = h('fieldset', {});
    function showSecrets() {
        own.hidden = format.value !== 'own';
        const scheme = format.value === 'own' ? signature.value : signatures[format.value];
        for (const name of [...controls.keys()]) if (name.startsWith('credentials/')) controls.delete(name);
        const needed = format.value === 'file' ? Object.keys(given).map(name => [name]) : credentials[scheme];
        secrets.hidden = needed.length === 0;
        fill(secrets, h('legend', {}, 'What the receiver checks'),
            !options.isNew && h('p', { class: 'hint' }, '*** stays what is stored.'),
            needed.map(([name, hint]) => field(`credentials/${name}`, name, input(given[name] ?? (endpoint.credentials === '***' && name in given ? '***' : ''), { type: plainNames.has(name) ? 'text' : 'password' }), hint)));
    }
    format.addEventListener('change', showSecrets);
    signature.addEventListener('change', showSecrets);

    const order = select([['', 'none: each goes out as soon as it is due'], ['endpoint', 'all its deliveries, one at a time'], ['node', 'those of each node, one at a time'], ['key', 'those with the same value in their data, one at a time']],
        typeof endpoint.order === 'object' && endpoint.order !== null ? 'key' : endpoint.order ?? '');
    const ofOrder = h('div', { class: 'own' }, field('order/key', 'Which value', input(endpoint.order?.key), 'A JSON pointer into the event\'s data, as in /meeting/id.'),
        field('on_exhausted', 'One that is exhausted', select([['stop', 'stops those behind it until it is retried, skipped or cancelled'], ['skip', 'is passed: the next one goes out']], endpoint.on_exhausted ?? 'stop')));
    function showOrder() {
        ofOrder.hidden = order.value === '';
        controls.get('order/key').control.parentElement.hidden = order.value !== 'key';
    }
    order.addEventListener('change', showOrder);

    const fields = [
        options.isNew && field('id', 'Id', input(''), 'Letters, digits and such; one is made when this is left empty. It never changes.'),
        nodeField(),
        field('url', 'URL', input(endpoint.url, { type: 'text', inputmode: 'url' }), 'The whole address at which the receiver listens.'),
        field('vendor', 'Format', format), own, secrets,
        field('events', 'Event types', h('textarea', { value: (endpoint.events ?? []).join('\n'), spellcheck: 'false' }), 'One a line; * stands for any run of characters, as in MEETING_*. All types when empty.'),
        h('details', {}, h('summary', {}, 'Headers, limits and retries'), h('div', { class: 'settings' },
            field('headers', 'Fixed headers', h('textarea', { value: Object.entries(endpoint.headers ?? {}).map(([name, value]) => `${name}: ${value}`).join('\n'), spellcheck: 'false' }), 'One a line, as in X-Team: billing. *** stays what is stored.'),
            field('method', 'Method', select([['POST', 'POST'], ['GET', 'GET (Voiso\'s Call Notify alone)']], endpoint.method ?? 'POST')),
            field('timeout_ms', 'Timeout in milliseconds', input(endpoint.timeout_ms, { inputmode: 'numeric' }), 'For connection, headers and body together; 15000 when empty.'),
            field('max_in_flight', 'Requests at once', input(endpoint.max_in_flight, { inputmode: 'numeric' }), '64 when empty.'),
            field('rate_per_second', 'Requests a second', input(endpoint.rate_per_second, { inputmode: 'decimal' }), 'No limit when empty.'),
            field('order', 'Order', order), ofOrder,
            field('retry', 'Attempts', input((endpoint.retry ?? []).join(', ')), 'When each is made after the first one, as in 0, 1m, 10m, 1h, 24h, which is so when this is empty.'))),
    ];
    showSecrets();
    showOrder();

    /// What the fields say, as the API takes it; null for what was emptied.
    function values() {
        const text = name => controls.get(name)?.control.value.trim() ?? '';
        const lines = name => text(name).split('\n').map(line => line.trim()).filter(line => line !== '');
        const number = name => text(name) === '' ? null : Number.isFinite(Number(text(name))) ? Number(text(name)) : text(name);
        const isOwn = format.value === 'own';
        const secretNames = [...controls.keys()].filter(name => name.startsWith('credentials/'));
        const named = Object.fromEntries(secretNames.map(name => [name.slice('credentials/'.length), text(name)]).filter(([, value]) => value !== ''));
        const headers = Object.fromEntries(lines('headers').map(line => { const colon = line.indexOf(':'); return colon < 0 ? [line, ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]; }));
        return {
            node: text('node'), url: text('url'),
            vendor: isOwn ? null : format.value === 'file' ? ofFile : format.value, envelope: isOwn ? envelope.value : null, signature: isOwn ? signature.value : null,
            credentials: Object.keys(named).length === 0 ? null : named,
            events: lines('events').length === 0 ? null : lines('events'),
            headers: Object.keys(headers).length === 0 ? null : headers,
            method: text('method') === 'POST' ? null : text('method'),
            order: order.value === 'key' ? { key: text('order/key') } : order.value || null,
            on_exhausted: order.value !== '' && text('on_exhausted') === 'skip' ? 'skip' : null,
            timeout_ms: number('timeout_ms'), max_in_flight: number('max_in_flight'), rate_per_second: number('rate_per_second'),
            retry: text('retry') === '' ? null : text('retry').split(',').map(each => each.trim()).filter(each => each !== ''),
        };
    }
    const before = values();

    function showFaults(error) {
        let first = null;
        const others = [];
        for (const { control, fault } of controls.values()) { control.removeAttribute('aria-invalid'); fill(fault); }
        // An id is one for all of the outbox, so it may be somebody else's.
        const isTaken = options.isNew && error.kind === 'conflict' && controls.get('id').control.value.trim() !== '';
        const errors = isTaken ? [{ pointer: '/id', detail: 'This id is taken; choose another.' }] : error.errors ?? [];
        for (const each of errors) {
            const place = (each.pointer ?? '').slice(1);
            const found = controls.get(place) ?? controls.get(place.split('/').slice(0, 2).join('/')) ?? controls.get(place.split('/')[0]);
            if (!found) { others.push(each); continue; }
            found.fault.append(h('span', {}, `${place.includes('/') && !place.startsWith('credentials/') ? `${place.split('/')[1]}: ` : ''}${each.detail} `));
            found.control.setAttribute('aria-invalid', 'true');
            const folded = found.control.closest('details');
            if (folded) folded.open = true;
            first ??= found.control;
        }
        if (!first || others.length > 0 || errors.length === 0) fill(message, problemNote({ ...error, title: error.title, message: error.message, errors: others }));
        else fill(message, note('bad', h('p', {}, `Not saved. ${errors.length === 1 ? 'One field needs' : `${errors.length} fields need`} another value.`)));
        (first ?? message.querySelector('*'))?.focus?.();
    }

    async function submit(event) {
        event.preventDefault();
        const now = values();
        const changed = Object.fromEntries(Object.entries(now).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])));
        const save = form.querySelector('button.first');
        save.disabled = true;
        options.begin?.();
        try {
            let answer;
            if (options.isNew) {
                const id = controls.get('id').control.value.trim();
                const body = Object.fromEntries(Object.entries(now).filter(([, value]) => value !== null));
                answer = await ask('POST', 'v1/endpoints', { body: id === '' ? body : { id, ...body } });
            } else {
                // Only a part of the credentials may have changed; what stays out of a merge patch stays.
                if (changed.credentials && before.credentials) {
                    for (const name of Object.keys(before.credentials)) if (!(name in changed.credentials)) changed.credentials[name] = null;
                    for (const [name, value] of Object.entries(changed.credentials)) if (value === before.credentials[name]) delete changed.credentials[name];
                }
                if (changed.headers && before.headers) for (const name of Object.keys(before.headers)) if (!(name in changed.headers)) changed.headers[name] = null;
                answer = await ask('PATCH', path`v1/endpoints/${endpoint.id}`, { body: changed, type: 'application/merge-patch+json', tag: options.tag });
            }
            announce('Saved');
            await options.done(answer.body, answer.tag);
        } catch (error) {
            // The reader has gone on.
            if (error.name === 'AbortError') return;
            if (error.kind === 'changed') error.message = 'Another one changed this endpoint while you edited it. Copy what you typed, load the page again and repeat it.';
            showFaults(error);
        } finally {
            save.disabled = false;
        }
    }
    const form = h('form', { class: 'settings', onsubmit: submit, novalidate: true }, message, fields, h('div', { class: 'actions' }, h('button', { class: 'first' }, options.verb)));
    return form;
}
