// One delivery: what was sent, what came back each time, when it is tried next, and who else got the event.

import { h, fill, button, copyButton, facts, hidden, note, table } from './dom.js';
import { ask, get, path, me } from './api.js';
import { page, link, problemNote } from './router.js';
import { advice, count, curl, deliveryState, due, endpointTrouble, isSuspended, length, outcome, pretty, states, time, timeAndDistance, unknown } from './words.js';
import { act, acts } from './many.js';
import { follow, isInUse } from './refresh.js';
import { laidOut, member } from './json.js';
import { recipientsTable } from './recipients.js';

const everyMilliseconds = 2000;

page('deliveries/:number', async context => {
    const { values, main, signal } = context;
    const target = path`v1/deliveries/${values.number}`;
    const [head, request, line, others, message] = Array.from({ length: 5 }, () => h('div', {}));
    message.setAttribute('role', 'status');
    let shown;
    let delivery = await get(target, signal);
    fill(main, context.title(`Delivery ${delivery.id}`), message, head,
        h('div', { class: 'columns' }, h('section', { 'aria-label': 'Attempts' }, line), h('section', { 'aria-label': 'Request' }, request)), others);

    async function show() {
        delivery = await get(target, signal);
        const key = JSON.stringify(delivery);
        if (key === shown || (shown && isInUse(head))) return;
        shown = key;
        const [attempts, endpoint] = await Promise.all([
            get(`${target}/attempts`, signal), get(path`v1/endpoints/${delivery.endpoint}`, signal).catch(error => { if (error.name === 'AbortError') throw error; return null; }),
        ]);
        const lanes = delivery.state === 'pending' && endpoint?.order ? await get(path`v1/endpoints/${delivery.endpoint}/lanes`, signal) : null;
        fill(head, headOf(delivery, endpoint, lanes, async each => { if (await act(each, [delivery], message, signal)) { shown = null; await show(); } }));
        fill(line, h('h2', {}, 'Attempts'), timeline(delivery, attempts.data), !me.can('read') && attempts.data.length > 0 && hidden('What receivers answered is'));
        fill(request, requestOf(delivery));
    }
    await show();
    await showEvent(delivery, others, signal);
    await follow(signal, everyMilliseconds, show);
});

function headOf(delivery, endpoint, lanes, doIt) {
    const trouble = endpoint ? endpointTrouble(endpoint) : null;
    return [
        h('p', {}, deliveryState(delivery), ' ', states[delivery.state]),
        delivery.error && delivery.state !== 'delivered' && why(delivery),
        trouble && delivery.state !== 'delivered' && note(trouble.kind, h('p', {}, 'Its endpoint ', link(`endpoints/${encodeURIComponent(endpoint.id)}`, endpoint.id), ` is ${trouble.word}: ${trouble.text}`)),
        lanes && place(delivery, endpoint, lanes),
        me.can('retry') && h('div', { class: 'actions' }, acts.filter(each => each.fits(delivery) && (!each.isOfLanes || (endpoint?.order && endpoint.on_exhausted !== 'skip'))).map(each =>
            button(each.word, () => doIt(each), each.isDangerous ? 'danger' : ''))),
        facts([
            ['Event', [link(`events/${encodeURIComponent(delivery.event)}`, delivery.event), ` (${delivery.type})`]],
            ['Happened', timeAndDistance(delivery.created)],
            ['At node', link(`nodes/${encodeURIComponent(delivery.node)}`, delivery.node)],
            ['Endpoint', link(`endpoints/${encodeURIComponent(delivery.endpoint)}`, delivery.endpoint)],
            ['URL', h('code', {}, delivery.url)],
            ['Attempts', count(delivery.attempts)],
            ['Next attempt', delivery.state === 'pending' ? due(delivery.next_attempt_at) : null],
            ['Its receiver asked to be left alone until', endpoint && isSuspended(endpoint) ? null : timeAndDistance(delivery.throttled_until)],
            ['Finished', timeAndDistance(delivery.finished_at)],
        ]),
    ];
}

/// What is before a delivery that is sent in order.
function place(delivery, endpoint, lanes) {
    const lane = endpoint.order === 'endpoint' ? lanes.heads[0] : endpoint.order === 'node' ? lanes.heads.find(head => head.node === delivery.node) : null;
    if (lane?.delivery === delivery.id || (!lane && lanes.stopped === 0)) return null;
    if (!lane) return note('warn', h('p', {}, 'Its endpoint sends in order, and some of its lanes are stopped by exhausted deliveries: ', link(`endpoints/${encodeURIComponent(endpoint.id)}`, 'see which')));
    const isStopped = lane.state === 'exhausted';
    return note(isStopped ? 'bad' : '', h('p', {}, 'It is sent in order, behind ', link(`deliveries/${lane.delivery}`, `delivery ${lane.delivery}`),
        isStopped ? ', which is exhausted and stops it. Retry, skip or cancel that one to let this one go on.' : ', which is not over yet.'));
}

function why(delivery) {
    const [meaning, remedy] = advice(delivery);
    return note('bad',
        h('p', {}, h('strong', {}, 'The newest attempt failed'), `: ${delivery.error_text ?? delivery.error}`),
        h('p', {}, meaning),
        h('p', {}, h('strong', {}, 'What to do'), `: ${remedy}`));
}

/// What an attempt's failure means, where the next one failed otherwise: that of the newest is said above.
function meaningOf(attempt, newer) {
    if (!attempt.error || !newer || (newer.error === attempt.error && newer.status === attempt.status)) return null;
    return h('p', { class: 'dim' }, advice(attempt).join(' '));
}

function timeline(delivery, attempts) {
    if (attempts.length === 0) return h('p', { class: 'dim' }, 'No attempt was made yet.');
    return h('ol', { class: 'timeline' }, attempts.map((attempt, i) => h('li', { class: attempt.error ? 'bad' : 'good' },
        h('div', {}, h('strong', {}, `Attempt ${attempt.number}`), ' ', time(attempt.started_at), ` took ${length(attempt.duration_ms)}`),
        h('div', {}, outcome(attempt),
            attempt.address ? h('span', { class: 'dim' }, ` from ${attempt.address}`) : ''),
        meaningOf(attempt, attempts[i + 1]),
        typeof attempt.response === 'string' && attempt.response !== '' && h('details', {}, h('summary', {}, 'Answer (the first KiB)'), h('pre', { tabindex: '0' }, pretty(attempt.response))))),
        delivery.state === 'pending' && h('li', {}, h('strong', {}, `Attempt ${delivery.attempts + 1}`), ' ', delivery.next_attempt_at ? timeAndDistance(delivery.next_attempt_at) : unknown));
}

function requestOf(delivery) {
    if (delivery.request_problem) return [h('h2', {}, 'Request'), note('warn', h('p', {}, `It cannot be shown: ${delivery.request_problem}`))];
    if (!delivery.request) return [h('h2', {}, 'Request'), hidden('What is sent is')];
    const request = delivery.request;
    const body = h('pre', { tabindex: '0', 'aria-label': 'Body' }, request.body === null ? '' : pretty(request.body));
    let isPretty = true;
    const raw = button('Show it raw', () => {
        isPretty = !isPretty;
        fill(body, isPretty ? pretty(request.body) : request.body);
        fill(raw, isPretty ? 'Show it raw' : 'Lay it out');
    });
    return [
        h('h2', {}, 'Request'),
        h('p', { class: 'dim' }, `As attempt ${request.attempt} has it. Secrets are masked as ***.`),
        h('p', {}, h('code', {}, `${request.method} ${request.url}`)),
        table('Headers', [['Name', each => each.name], ['Value', each => h('code', {}, each.value)]], request.headers),
        request.body === null ? h('p', {}, 'No body.') : [h('h3', {}, 'Body'), body],
        h('div', { class: 'actions' }, request.body !== null && raw, copyButton('Copy as curl', () => curl(request)), request.body !== null && copyButton('Copy the body', request.body)),
    ];
}

async function showEvent(delivery, element, signal) {
    const id = delivery.event;
    const [event, recipients] = await Promise.allSettled([ask('GET', path`v1/events/${id}`, { signal }), get(path`v1/events/${id}/recipients`, signal)]);
    if (signal.aborted) return;
    fill(element,
        h('h2', {}, 'Who else got this event'),
        recipients.status === 'rejected' ? problemNote(recipients.reason) : recipientsTable(recipients.value.data),
        event.status === 'fulfilled' && event.value.body.data !== undefined && [
            h('h2', {}, 'The event\'s data'), event.value.body.data_dropped ? h('p', {}, 'It was dropped, as run --keep-payloads says.')
                : h('pre', { tabindex: '0', 'aria-label': 'The event\'s data' }, laidOut(member(event.value.text, 'data'))),
        ]);
}
