// The hierarchy as a tree, and one node: what is at it, and who would get an event of a type there.

import { h, fill, facts, makeID, table } from './dom.js';
import { all, get, path, post, query, me } from './api.js';
import { page, link, problemNote } from './router.js';
import { counted, endpointState, endpointTrouble } from './words.js';
import { recipientsTable } from './recipients.js';

/// Nodes that the tree has room for.
const limit = 5000;

page('nodes', async context => {
    const { main, signal } = context;
    const { elements: nodes, hasMore } = await all('v1/nodes', limit, signal);
    const known = new Set(nodes.map(node => node.id));
    const below = new Map();
    for (const node of nodes) {
        const parent = known.has(node.parent) ? node.parent : null;
        below.set(parent, [...below.get(parent) ?? [], node]);
    }
    const branch = (parent, kind) => h('ul', { class: kind }, (below.get(parent) ?? []).map(node => h('li', {},
        link(`nodes/${encodeURIComponent(node.id)}`, node.id), node.name && ` ${node.name}`,
        h('span', { class: 'dim' }, ` ${node.level}${node.endpoints > 0 ? `, ${counted(node.endpoints, 'endpoint')}` : ''}`),
        below.has(node.id) && branch(node.id, null))));
    fill(main, context.title('Hierarchy'),
        h('p', { class: 'dim' }, 'An endpoint gets the events of its node and of all nodes below it, as far as its level and its patterns go.'),
        nodes.length === 0
            ? h('p', {}, 'There is no node yet. Apply a topology file: ', h('code', {}, 'posthorn apply topology.json'), ', or PUT /v1/nodes/ID.')
            : h('nav', { 'aria-label': 'Nodes' }, branch(null, 'tree')),
        hasMore && h('p', {}, `The first ${limit} nodes by id are shown.`));
});

page('nodes/:id', async context => {
    const { values, main, signal } = context;
    const node = await get(path`v1/nodes/${values.id}`, signal);
    const { elements: endpoints, hasMore } = await all(`v1/endpoints${query({ node: node.id })}`, 250, signal);
    fill(main, context.title(`Node ${node.id}`),
        facts([
            ['Name', node.name], ['Level', node.level],
            ['Above it', node.parent && link(`nodes/${encodeURIComponent(node.parent)}`, node.parent)],
            ['Mails about exhausted deliveries go to', node.notification_email],
        ]),
        h('p', {}, link(`events${query({ node: node.id })}`, 'Events here and below'), ', ', link(`deliveries${query({ node: node.id })}`, 'their deliveries')),
        h('h2', {}, 'Endpoints here and below'),
        endpoints.length === 0 ? h('p', {}, 'There are none. ', me.can('endpoints') && link(`new-endpoint${query({ node: node.id })}`, 'Make one'))
            : table(hasMore ? 'The first of them by id' : 'By id', [
                ['Endpoint', row => link(`endpoints/${encodeURIComponent(row.id)}`, row.id)], ['Node', row => row.node],
                ['State', row => endpointState(row)], ['Why', row => endpointTrouble(row)?.text ?? ''], ['URL', row => h('code', {}, row.url)],
            ], endpoints),
        whoGets(node));
});

/// Asks who would get an event that happens at a node.
function whoGets(node) {
    const id = makeID('type');
    const answer = h('div', { role: 'status' });
    const field = h('input', { id, spellcheck: 'false', autocapitalize: 'none', placeholder: 'MEETING_STARTED' });
    async function submit(event) {
        event.preventDefault();
        try {
            const { data } = await post('v1/recipients', { type: field.value.trim(), node: node.id });
            fill(answer, recipientsTable(data));
        } catch (error) {
            fill(answer, problemNote(error));
        }
    }
    return [
        h('h2', {}, 'Who gets an event that happens here?'),
        h('form', { class: 'filter', onsubmit: submit }, h('div', {}, h('label', { for: id }, 'Event type'), field), h('div', { class: 'actions' }, h('button', {}, 'Ask'))),
        answer,
    ];
}
