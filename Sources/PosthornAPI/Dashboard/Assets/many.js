// Acts on many deliveries: counted first, confirmed, done a few at a time, and each refusal is named.

import { h, fill, announce, confirm, dialog, makeID, note, table } from './dom.js';
import { all, path, post } from './api.js';
import { link, problemNote } from './router.js';
import { count, counted } from './words.js';

/// What can be done to deliveries, and to which.
export const acts = [
    {
        word: 'Retry', name: 'retry', fits: row => row.state === 'exhausted' || row.state === 'pending',
        says: 'Each is tried at once, at the URL that its endpoint had when the event was accepted. One that fails again goes back to its schedule, or stays exhausted.',
    },
    {
        word: 'Retry at present URL', name: 'retry', body: { current_url: true }, fits: row => row.state === 'exhausted' || row.state === 'pending',
        says: 'Each is tried at once, at the URL that its endpoint has now, instead of the one that it had when the event was accepted.',
    },
    {
        word: 'Skip', name: 'skip', isOfLanes: true, fits: row => row.state === 'exhausted',
        says: 'It stays exhausted and stops its lane no more: what waits in order behind it goes on.',
    },
    {
        word: 'Cancel', name: 'cancel', isDangerous: true, fits: row => ['pending', 'held', 'exhausted'].includes(row.state),
        says: 'They are never sent. This cannot be undone.',
    },
    {
        word: 'Resend', name: 'resend', fits: row => row.state === 'delivered',
        says: 'Each receiver gets the same event once more, with the same id; one that drops duplicates does nothing with it.',
    },
];

/// Deliveries that one choice may have.
const limit = 10_000;
/// Parts of a list that are looked through for them.
const partLimit = 2000;
/// Requests at once.
const width = 4;

/// Asks for all that match, counting them before anything is done. Resolves to them, or to nothing.
export async function chooseAll(target, signal) {
    const counting = h('p', { role: 'status' }, 'Counting ...');
    const stop = new AbortController();
    signal.addEventListener('abort', () => stop.abort());
    return dialog('Choose all that match', close => {
        all(target, limit, stop.signal, partLimit, number => fill(counting, `Counting: ${count(number)} so far ...`)).then(({ elements, hasMore }) => {
            const more = hasMore ? ' There are more; this many can be chosen at once.' : '';
            fill(counting, `${counted(elements.length, 'delivery matches', 'deliveries match')}.${more}`);
            yes.disabled = elements.length === 0;
            fill(yes, `Choose ${count(elements.length)}`);
            yes.addEventListener('click', () => close(elements));
        }, error => { if (error.name !== 'AbortError') fill(counting, problemNote(error)); });
        const yes = h('button', { type: 'button', class: 'first', disabled: true }, 'Choose');
        return [counting, h('div', { class: 'actions' }, yes, h('button', { type: 'button', onclick: () => { stop.abort(); close(); } }, 'Stop'))];
    });
}

/// Confirms an act and does it. Says in `message` how it ended; true when it was done.
export async function act(each, rows, message, signal) {
    const title = `${each.word}: ${counted(rows.length, 'delivery', 'deliveries')}`;
    if (!await confirm(title, [each.says], `${each.word} ${count(rows.length)}`, each.isDangerous)) return false;
    const waiting = [...rows];
    const refused = new Map();
    let done = 0;
    async function work() {
        while (waiting.length > 0 && !signal.aborted) {
            const row = waiting.shift();
            try {
                await post(path`v1/deliveries/${row.id}/` + each.name, each.body);
                done += 1;
            } catch (error) {
                refused.set(error.message, [...refused.get(error.message) ?? [], row.id]);
            }
            if (done % 25 === 0) fill(message, h('p', {}, `${count(done)} of ${count(rows.length)} done ...`));
        }
    }
    await Promise.all(Array.from({ length: width }, work));
    const words = `${each.word}: ${count(done)} of ${count(rows.length)} done.`;
    fill(message, note(refused.size === 0 ? 'good' : 'warn', h('p', {}, words),
        [...refused].map(([reason, ids]) => h('p', {}, `${counted(ids.length, 'was', 'were')} refused, such as ${ids[0]}: ${reason}`))));
    announce(words);
    return true;
}

/// What can be done to all deliveries that a filter asks for, however many: by a job, which an engine carries out.
export const bulkActs = [
    { word: 'Retry', name: 'retry', states: ['pending', 'exhausted'], says: 'Each is tried once more, at the URL that its endpoint had when the event was accepted, as many a second as you say; live traffic goes first.', rate: 50 },
    { word: 'Retry at present URL', name: 'retry', body: { current_url: true }, states: ['pending', 'exhausted'], says: 'Each is tried once more, at the URL that its endpoint has now, as many a second as you say; live traffic goes first.', rate: 50 },
    { word: 'Cancel', name: 'cancel', isDangerous: true, states: ['pending', 'held', 'exhausted'], says: 'They are never sent. This cannot be undone.', rate: 1000 },
];

/// A filter as the body of such a job; `null` where it asks for states that a job does nothing to.
export function bulkBody(each, filter) {
    const states = filter.state.length > 0 ? filter.state.filter(state => each.states.includes(state)) : each.states;
    if (states.length === 0) return null;
    const one = name => filter[name][0];
    const numbers = name => filter[name].map(Number);
    return { endpoint: one('endpoint'), node: one('node'), event: one('event'), types: filter.type, states, errors: filter.error,
        status_classes: numbers('status_class'), attempts_min: numbers('attempts_min')[0], since: one('after'), until: one('before') };
}

/// Says how many deliveries a count has left out since nothing is there to be sent; nothing where there are none.
export function leftOut(forecast) {
    const dropped = forecast.endpoints.reduce((sum, row) => sum + row.data_dropped, 0);
    return dropped > 0 && h('p', {}, `${counted(dropped, 'delivery', 'deliveries')} cannot be sent again, since --keep-payloads has dropped the data.`);
}

/// Counts what an act would be done to, asks, and makes the job. Says in `message` what was made.
export async function actOnAll(each, body, message) {
    const made = await dialog(`${each.word} all that match`, close => {
        const counting = h('div', { role: 'status' }, 'Counting ...');
        const id = makeID('rate');
        const field = h('input', { id, type: 'number', min: '1', max: '10000', value: String(each.rate) });
        const fault = h('div', { role: 'alert' });
        const yes = h('button', { class: each.isDangerous ? 'danger' : 'first', disabled: true }, each.word);
        post(`v1/deliveries/${each.name}`, { ...body, ...each.body, dry_run: true }).then(result => {
            fill(counting, h('p', {}, `${counted(result.deliveries, 'delivery matches', 'deliveries match')}${result.complete ? '' : ' so far, and there are more'}. ${each.says}`),
                leftOut(result),
                result.endpoints.length > 0 && table('By endpoint', [['Endpoint', row => row.endpoint], ['Deliveries', row => count(row.deliveries), 'number']], result.endpoints));
            yes.disabled = result.deliveries === 0 && result.complete;
            fill(yes, `${each.word} ${result.complete ? count(result.deliveries) : 'them'}`);
        }, error => fill(counting, problemNote(error)));
        return h('form', { onsubmit: async event => {
            event.preventDefault();
            try { close(await post(`v1/deliveries/${each.name}`, { ...body, ...each.body, rate_per_second: Number(field.value) })); } catch (error) { fill(fault, problemNote(error)); }
        } },
        counting, h('label', { for: id }, 'Deliveries a second'), field, fault,
        h('div', { class: 'actions' }, yes, h('button', { type: 'button', onclick: () => close() }, 'Keep them as they are')));
    });
    if (!made) return;
    fill(message, note('good', h('p', {}, `${each.word} is made, as job ${made.id}: `, link('replays', 'see how far it is'), '. An engine carries it out; what comes of each delivery is in its list.')));
    announce(`${each.word} is made`);
}
