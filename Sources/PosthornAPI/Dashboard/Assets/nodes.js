// The hierarchy as a tree, and one node: what is at it, and who would get an event of a type there.

import { h, fill, button, facts, makeID, table } from './dom.js';
import { all, get, path, post, query, me } from './api.js';
import { page, link, go, problemNote } from './router.js';
import { counted, endpointState, endpointTrouble, limitWords } from './words.js';
import { recipientsTable } from './recipients.js';

/// Nodes that one request asks for. A hierarchy of so many is shown whole, a larger one as it is opened.
const partLimit = 250;

page('nodes', async context => {
    const { main, signal } = context;
    const prefix = context.query.get('prefix') ?? '';
    const first = await get(`v1/nodes${query({ prefix, limit: partLimit })}`, signal);
    fill(main, context.title('Hierarchy'),
        h('p', { class: 'dim' }, 'An endpoint gets the events of its node and of all nodes below it, as far as its level and its patterns go.'),
        (prefix !== '' || first.data.length > 0) && searchForm(prefix),
        prefix !== '' ? foundNodes(prefix, first, signal)
            : first.data.length === 0 ? h('p', {}, 'There is no node yet. Apply a topology file: ', h('code', {}, 'posthorn apply topology.json'), ', or PUT /v1/nodes/ID.')
            : h('nav', { 'aria-label': 'Nodes' }, first.next_cursor === null ? wholeTree(first.data) : await openedTree(signal)));
});

function searchForm(prefix) {
    const id = makeID('prefix');
    const field = h('input', { id, name: 'prefix', value: prefix, spellcheck: 'false', autocapitalize: 'none' });
    return h('form', { class: 'filter', role: 'search', 'aria-label': 'Find a node', onsubmit: event => {
        event.preventDefault();
        go(`nodes${query({ prefix: field.value.trim() })}`);
    } }, h('div', {}, h('label', { for: id }, 'Id begins with'), field), h('div', { class: 'actions' }, h('button', {}, 'Find'), link('nodes', 'Clear')));
}

/// A node as the tree shows it.
function words(node) {
    const parts = [node.level, node.endpoints > 0 && counted(node.endpoints, 'endpoint'), node.nodes > 0 && `${counted(node.nodes, 'node')} right below`];
    return [link(`nodes/${encodeURIComponent(node.id)}`, node.id), node.name && ` ${node.name}`, h('span', { class: 'dim' }, ` ${parts.filter(part => part).join(', ')}`)];
}

/// Those that were searched for, with what they are below.
function foundNodes(prefix, first, signal) {
    if (first.data.length === 0) return h('p', {}, `No id begins with ${prefix}.`);
    return parts(h('ul', { class: 'tree' }), first, cursor => get(`v1/nodes${query({ prefix, limit: partLimit, cursor })}`, signal),
        node => h('li', {}, words(node), node.parent && [' in ', link(`nodes/${encodeURIComponent(node.parent)}`, node.parent)]));
}

/// A list that is filled part by part.
function parts(list, first, more, row) {
    const end = h('div', {});
    const take = part => {
        list.append(...part.data.map(row));
        fill(end, part.next_cursor !== null && button('Show more', async () => {
            try { take(await more(part.next_cursor)); } catch (error) { if (error.name !== 'AbortError') fill(end, problemNote(error)); }
        }));
    };
    take(first);
    return [list, end];
}

/// All nodes, opened.
function wholeTree(nodes) {
    const known = new Set(nodes.map(node => node.id));
    const below = new Map();
    for (const node of nodes) {
        const parent = known.has(node.parent) ? node.parent : null;
        below.set(parent, [...below.get(parent) ?? [], node]);
    }
    const branch = (parent, kind) => h('ul', { class: kind }, (below.get(parent) ?? []).map(node => h('li', {}, words(node), below.has(node.id) && branch(node.id, null))));
    return branch(null, 'tree');
}

/// The top of a large hierarchy; what is below a node is asked for when it is opened.
async function openedTree(signal) {
    const ask = values => get(`v1/nodes${query({ ...values, limit: partLimit })}`, signal);
    const row = node => {
        if (node.nodes === 0) return h('li', { class: 'leaf' }, words(node));
        const below = h('div', { hidden: true });
        let isAsked = false;
        const toggle = button('+', async () => {
            const isOpen = below.hidden;
            below.hidden = !isOpen;
            toggle.setAttribute('aria-expanded', String(isOpen));
            fill(toggle, isOpen ? '−' : '+');
            if (!isOpen || isAsked) return;
            isAsked = true;
            try {
                fill(below, await branch({ parent: node.id }, null));
            } catch (error) {
                isAsked = false;
                if (error.name !== 'AbortError') fill(below, problemNote(error));
            }
        }, 'plain');
        toggle.setAttribute('aria-expanded', 'false');
        toggle.setAttribute('aria-label', `What is below ${node.id}`);
        return h('li', {}, toggle, words(node), below);
    };
    const branch = async (values, kind) => parts(h('ul', { class: kind }), await ask(values), cursor => ask({ ...values, cursor }), row);
    return branch({ top: true }, 'tree');
}

page('nodes/:id', async context => {
    const { values, main, signal } = context;
    const node = await get(path`v1/nodes/${values.id}`, signal);
    const [{ elements: endpoints, hasMore }, below] = await Promise.all([
        all(`v1/endpoints${query({ node: node.id })}`, 250, signal), get(`v1/nodes${query({ parent: node.id, limit: 50 })}`, signal),
    ]);
    fill(main, context.title(`Node ${node.id}`),
        facts([
            ['Name', node.name], ['Level', node.level],
            ['Above it', node.parent && link(`nodes/${encodeURIComponent(node.parent)}`, node.parent)],
            ['Limits of what is here and below', node.limits && limitWords(node.limits)],
            ['Mails about exhausted deliveries go to', node.notification_email],
        ]),
        h('p', {}, 'Endpoints at this node get the ', link(`events${query({ node: node.id })}`, 'events of this node and of all below it'), ', and so do endpoints at the nodes above; here are ',
            link(`deliveries${query({ node: node.id })}`, 'the deliveries of those events'), '.'),
        h('h2', {}, 'Endpoints here and below'),
        endpoints.length === 0 ? h('p', {}, 'There are none. ', me.can('endpoints') && link(`new-endpoint${query({ node: node.id })}`, 'Make one'))
            : table(hasMore ? 'The first of them by id' : 'By id', [
                ['Endpoint', row => link(`endpoints/${encodeURIComponent(row.id)}`, row.id)], ['Node', row => row.node],
                ['State', row => endpointState(row)], ['Why', row => endpointTrouble(row)?.text ?? '', 'words'], ['URL', row => h('code', {}, row.url), 'words'],
            ], endpoints),
        below.data.length > 0 && [h('h2', {}, 'Nodes right below'), parts(h('ul', { class: 'tree' }), below,
            cursor => get(`v1/nodes${query({ parent: node.id, limit: partLimit, cursor })}`, signal), each => h('li', {}, words(each)))],
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
