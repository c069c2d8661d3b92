// Replays: events of the past, sent again by a job that survives a restart; and the jobs that try again, or take back, all that match.

import { h, fill, announce, button, confirm, makeID, note, table } from './dom.js';
import { get, path, post, me } from './api.js';
import { leftOut } from './many.js';
import { page, link, problemNote } from './router.js';
import { count, counted, time, timeAndDistance, unknown } from './words.js';
import { follow, isInUse } from './refresh.js';

const everyMilliseconds = 2000;
const states = ['exhausted', 'delivered'];

page('replays', async context => {
    const { main, signal } = context;
    const list = h('div', {});
    const message = h('div', { role: 'status' });
    let shown;
    async function show() {
        const part = await get('v1/replays?limit=100', signal);
        const key = JSON.stringify(part.data);
        if (key === shown || (shown && isInUse(list))) return;
        shown = key;
        fill(list, part.data.length === 0
            ? h('p', {}, 'There was none yet. A replay sends events of the past again, such as all that a receiver missed while it was down.')
            : table('Newest first', columns(cancel), part.data));
    }
    async function cancel(row) {
        if (!await confirm(`Cancel ${row.action} ${row.id}?`, ['What it has done stays done: what it made due is delivered all the same.'], 'Cancel it', true)) return;
        try { await post(path`v1/replays/${row.id}/cancel`); announce('Cancelled'); } catch (error) { fill(message, problemNote(error)); }
        shown = null;
        await show();
    }
    fill(main, context.title('Replays'), message, me.can('retry') && form(context, message, show), h('h2', {}, 'Replays so far'), list);
    await follow(signal, everyMilliseconds, show);
});

function columns(cancel) {
    return [
        ['Replay', row => row.id],
        ['Does', row => row.action],
        ['State', row => h('span', { class: `badge ${row.state === 'done' ? 'good' : ''}` }, row.state)],
        ['What', row => [what(row), h('br'), h('span', { class: 'dim' }, `states ${row.states.join(', ')}; ${row.errors.length > 0 ? `failed with ${row.errors.join(', ')}; ` : ''}${row.recipients} recipients; ${count(row.rate_per_second)}/s at most`)]],
        ['Made due', row => count(row.done), 'number'],
        ['Left', row => row.finished ? '' : count(row.left), 'number'],
        ['Refused', row => count(row.refused), 'number'],
        ['Made', row => [time(row.created), row.created_by && h('span', { class: 'dim' }, ` by key ${row.created_by}`)]],
        ['Ends', row => row.finished ? time(row.finished) : row.ends_about ? ['about ', timeAndDistance(row.ends_about)] : unknown],
        ['Act', row => !row.finished && me.can('retry') ? button(`Cancel replay ${row.id}`, () => cancel(row), 'danger') : ''],
    ];
}

function what(row) {
    const parts = [row.endpoint ? ['to ', link(`endpoints/${encodeURIComponent(row.endpoint)}`, row.endpoint)] : 'to all endpoints'];
    if (row.node) parts.push([' of ', link(`nodes/${encodeURIComponent(row.node)}`, row.node), ' and below']);
    if (row.types.length > 0) parts.push(` of types ${row.types.join(', ')}`);
    if (row.since) parts.push([' from ', time(row.since)]);
    if (row.until) parts.push([' before ', time(row.until)]);
    return parts;
}

/// Counts first what would be sent; only then the replay can be made.
function form(context, message, show) {
    const faults = h('div', { role: 'alert' });
    const forecast = h('div', { role: 'status' });
    const fields = {};
    const field = (name, label, control, hint) => {
        const id = makeID(name);
        control.id = id;
        fields[name] = control;
        if (hint) control.setAttribute('aria-describedby', `${id}-hint`);
        return h('div', {}, h('label', { for: id }, label), hint && h('p', { class: 'hint', id: `${id}-hint` }, hint), control);
    };
    const text = value => h('input', { value: value ?? '', spellcheck: 'false', autocapitalize: 'none' });
    const boxes = states.map(state => {
        const box = h('input', { type: 'checkbox', value: state, checked: state === 'exhausted' });
        return { box, element: h('label', {}, box, ` ${state}`) };
    });
    /// What was counted last; `null` when something of the form has changed since.
    let asked = null;
    /// What was counted is not what would be sent any more.
    function withdraw() {
        asked = null;
        fill(forecast);
    }
    function say(error) {
        fill(faults, problemNote(error));
        faults.scrollIntoView({ block: 'nearest' });
    }
    function body() {
        const moment = name => fields[name].value === '' ? undefined : new Date(fields[name].value).toISOString();
        const word = name => fields[name].value.trim() || undefined;
        return {
            endpoint: word('endpoint'), node: word('node'), types: word('types')?.split(/\s+/), errors: word('errors')?.split(/\s+/), since: moment('since'), until: moment('until'),
            states: boxes.filter(({ box }) => box.checked).map(({ box }) => box.value), recipients: fields.recipients.value,
            rate_per_second: word('rate') === undefined ? undefined : Number.isFinite(Number(word('rate'))) ? Number(word('rate')) : word('rate'),
        };
    }
    async function ask(event) {
        event.preventDefault();
        fill(faults);
        try {
            const wanted = body();
            const result = await post('v1/replays', { ...wanted, dry_run: true });
            // Something of the form has changed while it was counted.
            if (JSON.stringify(body()) !== JSON.stringify(wanted)) return;
            asked = wanted;
            fill(forecast, note('', h('p', {}, `It would send ${counted(result.deliveries, 'delivery', 'deliveries')} of ${counted(result.events, 'event')}${result.complete ? '' : ' or more'}.`), leftOut(result),
                result.endpoints.length > 0 && table('By endpoint', [
                    ['Endpoint', row => link(`endpoints/${encodeURIComponent(row.endpoint)}`, row.endpoint)],
                    ['Sent', row => count(row.deliveries), 'number'], ['Held at first', row => count(row.held), 'number'], ['Refused', row => count(row.refused), 'number'],
                ], result.endpoints),
                result.deliveries > 0 && h('div', { class: 'actions' }, button('Start the replay', start, 'first'))));
        } catch (error) { fill(forecast); say(error); }
    }
    async function start() {
        try {
            const replay = await post('v1/replays', asked);
            withdraw();
            fill(message, note('good', h('p', {}, `Replay ${replay.id} is made. It begins as soon as an engine runs, and lets live traffic go first.`)));
            announce('The replay is made');
            await show();
        } catch (error) { say(error); }
    }
    const recipients = h('select', {}, h('option', { value: 'original' }, 'those that had them'), h('option', { value: 'current' }, 'those that would get them now'));
    return h('details', { open: context.query.has('endpoint') }, h('summary', {}, 'New replay'), h('form', { class: 'settings', onsubmit: ask, oninput: withdraw },
        faults,
        field('endpoint', 'Endpoint', text(context.query.get('endpoint')), 'All when empty.'),
        field('node', 'Node and below', text(''), 'All that you see when empty.'),
        field('types', 'Types or patterns', text(''), 'With spaces between; all when empty.'),
        field('errors', 'Errors of the newest attempts', text(''), 'Such as timeout or http_status, with spaces between; all when empty.'),
        field('since', 'Events from', h('input', { type: 'datetime-local', step: 1 })),
        field('until', 'Events before', h('input', { type: 'datetime-local', step: 1 })),
        h('fieldset', { class: 'choices' }, h('legend', {}, 'Deliveries that are'), boxes.map(({ element }) => element)),
        field('recipients', 'Recipients', recipients),
        field('rate', 'Deliveries a second', h('input', { inputmode: 'numeric' }), 'At most; the usual rate when empty.'),
        h('div', { class: 'actions' }, h('button', {}, 'Count what it would send')), forecast));
}
