// Why an endpoint gets an event, or does not.

import { h, table } from './dom.js';
import { link } from './router.js';

const chosen = new Set(['sent', 'waits', 'wanted']);

/// A table of endpoints from the bottom of the hierarchy up, each with the reason.
export function recipientsTable(rows) {
    if (rows.length === 0) return h('p', {}, 'There is no endpoint at this node or above it that you can see.');
    return table('Endpoints at the event\'s node and above it', [
        ['Endpoint', row => link(`endpoints/${encodeURIComponent(row.endpoint)}`, row.endpoint)],
        ['At node', row => row.node],
        ['Recipient', row => chosen.has(row.verdict) ? h('span', { class: 'badge good' }, 'yes') : h('span', { class: 'badge' }, 'no')],
        ['Why', row => row.reason, 'words'],
        ['Delivery', row => row.delivery ? link(`deliveries/${row.delivery}`, row.delivery, row.delivery_state ? ` (${row.delivery_state})` : '') : ''],
    ], rows);
}
