// Acts on many deliveries: counted first, confirmed, done a few at a time, and each refusal is named.

import { h, fill, announce, confirm, dialog, note } from './dom.js';
import { all, path, post } from './api.js';
import { count, counted } from './words.js';
import { problemNote } from './router.js';

/// What can be done to deliveries, and to which.
export const acts = [
    {
        word: 'Retry', name: 'retry', fits: row => row.state === 'exhausted' || row.state === 'pending',
        says: 'Each is tried at once. One that fails again goes back to its schedule, or stays exhausted.',
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
                await post(path`v1/deliveries/${row.id}/` + each.name, each.body ?? {});
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
