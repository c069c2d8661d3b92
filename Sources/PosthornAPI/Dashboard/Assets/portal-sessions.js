// Visits of customers: a link that opens these pages once, cut to a node's tree, without a key.

import { h, fill, announce, button, confirm, copyButton, dialog, makeID, note, table } from './dom.js';
import { ask, all, path, post, me } from './api.js';
import { page, problemNote } from './router.js';
import { time, timeAndDistance } from './words.js';

const rights = [
    ['read', 'see everything, the data of events too'], ['read_metadata', 'see everything but the data of events and receivers\' answers'],
    ['retry', 'retry, cancel and resend deliveries'], ['endpoints', 'make, change and remove endpoints'], ['secrets', 'see secrets'],
    ['emit', 'hand in events'],
];
const usual = new Set(['read', 'retry', 'endpoints']);
const lifetimes = [['3600', 'an hour'], ['28800', 'eight hours'], ['86400', 'a day'], ['604800', 'seven days']];
const kinds = { open: 'good', unopened: 'warn' };

page('portal-sessions', async context => {
    const { main, signal } = context;
    const title = context.title('Portal sessions');
    if (!me.can('keys')) return fill(main, title, note('warn', h('p', {}, 'This key may not see portal sessions; that takes the right keys.')));
    const list = h('div', {});
    const message = h('div', { role: 'status' });
    async function show() {
        const { elements: sessions } = await all('v1/portal-sessions', 1000, signal);
        const empty = h('p', {}, 'There are none. A session lets a customer see and mend their own endpoints without a key: make one, or have your platform make them.');
        fill(list, sessions.length === 0 ? empty : table('By id; what a session sees is its node and all below', [
            ['Session', row => [h('code', {}, row.id)]], ['Node', row => row.node], ['May', row => row.rights.join(', ')],
            ['State', row => h('span', { class: `badge ${kinds[row.state] ?? ''}` }, row.state)],
            ['Made', row => time(row.created)], ['By key', row => row.made_by ?? ''], ['Opened', row => row.opened ? time(row.opened) : 'not yet'],
            ['Expires', row => timeAndDistance(row.expires)],
            ['Act', row => kinds[row.state] ? button(`End ${row.id}`, () => end(row), 'danger') : ''],
        ], sessions));
    }
    async function end(row) {
        if (!await confirm(`End the session ${row.id}?`, [`Its visitor at ${row.node} sees nothing from then on. This cannot be undone.`], 'End it', true)) return;
        try {
            await ask('DELETE', path`v1/portal-sessions/${row.id}`);
            fill(message, note('good', 'Ended.'));
            announce('Ended');
            await show();
        } catch (error) {
            fill(message, problemNote(error));
        }
    }
    async function make() {
        const made = await dialog('New portal session', form);
        if (!made) return;
        await dialog('The session is made', close => [
            h('p', {}, 'Who opens this link first has the session. It works once, for ten minutes, and is shown this once:'),
            h('pre', { tabindex: '0' }, made.url), copyButton('Copy it', made.url),
            h('div', { class: 'actions' }, h('button', { type: 'button', class: 'first', onclick: () => close() }, 'Done')),
        ], true);
        await show();
    }
    fill(main, title, h('div', { class: 'actions' }, button('Make a session', make)), message, list);
    await show();
});

function form(close) {
    const [node, life] = [makeID('node'), makeID('life')];
    const fault = h('div', { role: 'alert' });
    const boxes = rights.filter(([right]) => me.can(right)).map(([right, words]) => {
        const box = h('input', { type: 'checkbox', value: right, checked: usual.has(right) });
        return { box, element: h('label', {}, box, ` ${right}: ${words}`) };
    });
    const fields = {
        node: h('input', { id: node, value: me.access.node ?? '', required: true, spellcheck: 'false', autocapitalize: 'none' }),
        life: h('select', { id: life }, lifetimes.map(([value, words]) => h('option', { value }, words))),
    };
    async function submit(event) {
        event.preventDefault();
        const body = { rights: boxes.filter(({ box }) => box.checked).map(({ box }) => box.value), expires_in: Number(fields.life.value) };
        if (fields.node.value.trim() !== '') body.node = fields.node.value.trim();
        try { close(await post('v1/portal-sessions', body)); } catch (error) { fill(fault, problemNote(error)); }
    }
    return h('form', { class: 'settings', onsubmit: submit }, fault,
        h('div', {}, h('label', { for: node }, 'Node'), h('p', { class: 'hint' }, 'All that it sees is this node and what is below it.'), fields.node),
        h('fieldset', { class: 'choices' }, h('legend', {}, 'It may'), boxes.map(({ element }) => element)),
        h('div', {}, h('label', { for: life }, 'It lasts'), fields.life),
        h('div', { class: 'actions' }, h('button', { class: 'first' }, 'Make it'), h('button', { type: 'button', onclick: () => close() }, 'Make none')));
}
