// What people changed: who, what and when.

import { h, fill, button, table } from './dom.js';
import { get, query } from './api.js';
import { page, link } from './router.js';
import { timeAndDistance } from './words.js';

const places = { endpoint: 'endpoints', node: 'nodes', retry: 'deliveries', cancel: 'deliveries', resend: 'deliveries' };

page('changes', async context => {
    const { main, signal } = context;
    const rows = [];
    const list = h('div', {});
    const more = h('div', { class: 'actions' });
    let cursor = null;

    async function load() {
        const part = await get(`v1/changes${query({ limit: 100, cursor })}`, signal);
        rows.push(...part.data);
        cursor = part.next_cursor;
        fill(list, rows.length === 0 ? h('p', {}, 'Nothing that you may see was changed in the last 90 days.') : table('Newest first; kept for 90 days', [
            ['When', row => timeAndDistance(row.time)], ['Who', row => who(row)], ['What', row => row.action],
            ['Which', row => which(row)], ['Node', row => row.node ?? 'the whole outbox'],
        ], rows));
        fill(more, cursor && button('Show older ones', load));
    }
    fill(main, context.title('What changed'), list, more);
    await load();
});

function who(row) {
    if (row.by === 'key') return [row.by_name ?? 'a key', ' ', h('code', {}, row.by_id)];
    return row.by_id ? [`a ${row.by} `, h('code', {}, row.by_id)] : row.by === 'no key' ? 'a program of this machine' : row.by;
}

function which(row) {
    if (row.subject === null) return '';
    const place = places[row.action.split(' ')[0]];
    const isGone = row.action.endsWith(' remove');
    return place && !isGone ? link(`${place}/${encodeURIComponent(row.subject)}`, row.subject) : row.subject;
}
