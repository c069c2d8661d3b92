// Endpoints: those in trouble first, then all by id; and making one.

import { h, fill, button, makeID, table, tableRow, note } from './dom.js';
import { all, get, query, me } from './api.js';
import { page, link, go, problemNote } from './router.js';
import { atLeast, count, endpointState, endpointTrouble } from './words.js';
import { endpointForm } from './endpoint-form.js';

const troubleLimit = 100;

const columns = [
    ['Endpoint', row => link(`endpoints/${encodeURIComponent(row.id)}`, row.id)],
    ['Node', row => link(`nodes/${encodeURIComponent(row.node)}`, row.node)],
    ['State', row => endpointState(row)],
    ['Why', row => endpointTrouble(row)?.text ?? '', 'words'],
    ['URL', row => h('code', {}, row.url), 'words'],
    ['Format', row => row.signature === 'vendor-file' ? 'a vendor\'s file' : row.envelope],
    ['Events', row => row.events.length === 0 ? 'all' : row.events.join(', ')],
];

page('endpoints', async context => {
    const { main, signal } = context;
    const filter = { prefix: context.query.get('prefix') ?? '', node: context.query.get('node') ?? '', state: context.query.getAll('state') };
    const troubled = h('div', {});
    const list = endpointList(filter, signal);
    fill(main, context.title('Endpoints'),
        me.can('endpoints') && h('div', { class: 'actions' }, link(`new-endpoint${query({ node: filter.node })}`, 'Make an endpoint')),
        filterForm(filter), troubled, list.element);
    const isFiltered = filter.prefix !== '' || filter.node !== '' || filter.state.length > 0;
    await Promise.all([list.more(), isFiltered ? null : showTroubled(troubled, signal)]);
});

async function showTroubled(element, signal) {
    const [status, off] = await Promise.all([get('v1/status', signal), all('v1/endpoints?state=disabled&state=unverified', troubleLimit, signal)]);
    const known = new Map(off.elements.map(each => [each.id, each]));
    const ids = [...new Set(['broken', 'unhealthy', 'throttled'].flatMap(kind => Object.keys(status[`${kind}_endpoints`])))].filter(id => !known.has(id));
    for (const each of await Promise.allSettled(ids.slice(0, troubleLimit).map(id => get(`v1/endpoints/${encodeURIComponent(id)}`, signal)))) {
        if (each.status === 'fulfilled') known.set(each.value.id, each.value);
    }
    if (known.size === 0) return;
    const weight = each => (each.broken ? 2 : 0) + (each.unhealthy?.health === 'suspended' ? 1 : 0);
    const rows = [...known.values()].sort((a, b) => weight(b) - weight(a) || a.id.localeCompare(b.id));
    const isWhole = !off.hasMore && !['broken', 'unhealthy', 'throttled'].some(kind => status[`${kind}_at_least`] || status[`${kind}_count`] > Object.keys(status[`${kind}_endpoints`]).length);
    fill(element, h('h2', {}, 'In trouble'), table(`${atLeast(count(rows.length), !isWhole)}, broken ones first`, columns.slice(0, 4), rows), h('h2', {}, 'All'));
}

function filterForm(filter) {
    const [prefix, node, state] = [makeID('prefix'), makeID('node'), makeID('state')];
    const select = h('select', { id: state, name: 'state' }, ['', 'active', 'disabled', 'unverified'].map(value => h('option', { value }, value || 'any')));
    select.value = filter.state[0] ?? '';
    const form = h('form', { class: 'filter', role: 'search', 'aria-label': 'Filter endpoints' },
        h('div', {}, h('label', { for: prefix }, 'Id begins with'), h('input', { id: prefix, name: 'prefix', value: filter.prefix, spellcheck: 'false', autocapitalize: 'none' })),
        h('div', {}, h('label', { for: node }, 'Node and below'), h('input', { id: node, name: 'node', value: filter.node, spellcheck: 'false', autocapitalize: 'none' })),
        h('div', {}, h('label', { for: state }, 'State'), select),
        h('div', { class: 'actions' }, h('button', {}, 'Filter'), link('endpoints', 'Clear')));
    form.addEventListener('submit', event => {
        event.preventDefault();
        go(`endpoints${query(Object.fromEntries(new FormData(form)))}`);
    });
    return form;
}

function endpointList(filter, signal) {
    const body = h('tbody', {});
    const end = h('div', {});
    const caption = makeID('endpoints');
    let [cursor, total] = [null, 0];
    async function more() {
        try {
            const part = await get(`v1/endpoints${query({ ...filter, limit: 100, cursor })}`, signal);
            body.append(...part.data.map(row => tableRow(columns, row)));
            total += part.data.length;
            cursor = part.next_cursor;
            fill(end, cursor ? button('Show more', more) : total === 0 ? empty(filter) : h('p', { class: 'dim' }, `All ${count(total)} are shown.`));
        } catch (error) {
            if (error.name !== 'AbortError') fill(end, problemNote(error), button('Try again', more));
        }
    }
    const element = h('div', {}, h('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-labelledby': caption },
        h('table', {}, h('caption', { id: caption }, 'By id'),
            h('thead', {}, h('tr', {}, columns.map(([heading, , kind]) => h('th', { scope: 'col', class: kind }, heading)))), body)), end);
    return { element, more };
}

function empty(filter) {
    if (filter.prefix || filter.node || filter.state.length > 0) return h('p', {}, 'None matches.');
    return h('p', {}, 'There is no endpoint yet. An endpoint is a URL of a receiver at a node of the hierarchy. ',
        me.can('endpoints') ? link('new-endpoint', 'Make the first one') : 'Those who run Posthorn make them.');
}

page('new-endpoint', async context => {
    const { main, signal } = context;
    const title = context.title('New endpoint');
    if (!me.can('endpoints')) return fill(main, title, note('warn', h('p', {}, 'This key may not make endpoints; that takes the right endpoints.')));
    const { data: nodes, next_cursor: more } = await get('v1/nodes?limit=250', signal);
    if (nodes.length === 0) {
        return fill(main, title, h('p', {}, 'There is no node yet, and an endpoint is at a node. ', link('nodes', 'Make one first'), ' or apply a topology file: posthorn apply topology.json'));
    }
    const form = endpointForm({ node: context.query.get('node') || me.access.node || nodes[0].id, vendor: 'standard' }, {
        isNew: true, nodes, hasMoreNodes: more !== null, verb: 'Make the endpoint',
        done: endpoint => go(`endpoints/${encodeURIComponent(endpoint.id)}`),
    });
    return fill(main, title, form);
});
