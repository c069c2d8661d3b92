// Events: what has happened, and what has become of one.

import { h, fill, button, facts, hidden, makeID, note, table, tableRow } from './dom.js';
import { ask, get, path, query, me } from './api.js';
import { page, link, go, problemNote } from './router.js';
import { count, deliveryState, outcome, time, timeAndDistance } from './words.js';
import { laidOut, member } from './json.js';
import { recipientsTable } from './recipients.js';

const names = ['type', 'node'];
const columns = [
    ['Event', row => link(`events/${encodeURIComponent(row.id)}`, row.id)],
    ['Type', row => row.type],
    ['Node', row => link(`nodes/${encodeURIComponent(row.node)}`, row.node)],
    ['Happened', row => time(row.created)],
];

page('events', async context => {
    const { main, signal } = context;
    const filter = Object.fromEntries(names.map(name => [name, context.query.get(name) ?? '']));
    const body = h('tbody', {});
    const end = h('div', {});
    const caption = makeID('events');
    const form = h('form', { class: 'filter', role: 'search', 'aria-label': 'Filter events' },
        [['type', 'Type or pattern'], ['node', 'Node and below']].map(([name, word]) => {
            const id = makeID(name);
            return h('div', {}, h('label', { for: id }, word), h('input', { id, name, value: filter[name], spellcheck: 'false', autocapitalize: 'none' }));
        }),
        h('div', { class: 'actions' }, h('button', {}, 'Filter'), link('events', 'Clear')));
    form.addEventListener('submit', event => {
        event.preventDefault();
        go(`events${query(Object.fromEntries(new FormData(form)))}`);
    });
    let [cursor, total] = [null, 0];
    async function more() {
        try {
            const part = await get(`v1/events${query({ ...filter, cursor })}`, signal);
            body.append(...part.data.map(row => tableRow(columns, row)));
            cursor = part.next_cursor;
            total += part.data.length;
            fill(end,
                total === 0 && !cursor && h('p', {}, filter.type || filter.node ? 'Nothing matches.' : 'There are no events yet. Hand them in with posthorn emit, POST /v1/events, SQL or the library.'),
                part.searched_until && cursor && note('', h('p', {}, 'Searched back to ', time(part.searched_until))),
                cursor ? button('Show more', more) : total > 0 && h('p', { class: 'dim' }, `All ${count(total)} are shown.`));
        } catch (error) {
            if (error.name !== 'AbortError') fill(end, problemNote(error));
        }
    }
    fill(main, context.title('Events'), form,
        h('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-labelledby': caption },
            h('table', {}, h('caption', { id: caption }, 'Newest first'),
                h('thead', {}, h('tr', {}, columns.map(([heading]) => h('th', { scope: 'col' }, heading)))), body)),
        end);
    await more();
});

page('events/:id', async context => {
    const { values, main, signal } = context;
    const [{ body: event, text }, recipients] = await Promise.all([ask('GET', path`v1/events/${values.id}`, { signal }), get(path`v1/events/${values.id}/recipients`, signal)]);
    fill(main, context.title(`Event ${event.id}`),
        event.waits_for_fan_out && note('', h('p', {}, 'Its recipients are not chosen yet; posthorn run does that.')),
        facts([
            ['Type', event.type], ['Node', link(`nodes/${encodeURIComponent(event.node)}`, event.node)], ['Happened', timeAndDistance(event.created)],
            ['Trace', event.traceparent && h('code', {}, event.traceparent)],
            ['Headers', Object.entries(event.headers ?? {}).map(([name, value]) => h('div', {}, h('code', {}, `${name}: ${value}`)))],
        ]),
        event.data_dropped && note('warn', h('p', {}, 'Its data was dropped, as run --keep-payloads says. It is listed, and cannot be sent again.')),
        event.data !== undefined && event.data !== null && [h('h2', {}, 'Data'), h('pre', { tabindex: '0', 'aria-label': 'Data' }, laidOut(member(text, 'data')))],
        !me.can('read') && !event.data_dropped && hidden('Its data is'),
        h('h2', {}, 'Who gets it, and why'), recipientsTable(recipients.data),
        h('h2', {}, 'Deliveries'),
        event.deliveries.length === 0 ? h('p', {}, 'There are none.') : table('Of this event', [
            ['Delivery', row => link(`deliveries/${row.id}`, row.id)], ['Endpoint', row => link(`endpoints/${encodeURIComponent(row.endpoint)}`, row.endpoint)],
            ['State', row => deliveryState(row)], ['Attempts', row => count(row.attempts), 'number'], ['Newest result', outcome, 'words'],
        ], event.deliveries));
});
