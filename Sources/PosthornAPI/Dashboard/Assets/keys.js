// Keys of the API: who may do what, and since when each was not used.

import { h, fill, announce, button, confirm, copyButton, dialog, makeID, note, table } from './dom.js';
import { ask, all, path, post, me } from './api.js';
import { page, problemNote } from './router.js';
import { time, timeAndDistance } from './words.js';

const rights = [
    ['read', 'see everything, the data of events too'], ['read_metadata', 'see everything but the data of events and receivers\' answers'],
    ['emit', 'hand in events'], ['retry', 'retry, cancel and resend deliveries'], ['endpoints', 'make, change and remove endpoints'],
    ['secrets', 'see secrets'], ['keys', 'make and revoke keys'], ['admin', 'the whole outbox; only without a node'],
];
const day = 86_400;
const lifetimes = [['', 'never'], [String(day), 'in a day'], [String(30 * day), 'in 30 days'], [String(90 * day), 'in 90 days'], [String(365 * day), 'in a year']];

page('keys', async context => {
    const { main, signal } = context;
    const title = context.title('Keys');
    if (!me.can('keys')) return fill(main, title, note('warn', h('p', {}, 'This key may not see keys; that takes the right keys.')));
    const list = h('div', {});
    const message = h('div', { role: 'status' });
    async function show() {
        const { elements: keys } = await all('v1/keys', 1000, signal);
        fill(list, keys.length === 0 ? h('p', {}, 'There are no keys.') : table('By id; what a key sees is its node and all below', [
            ['Key', row => [row.name ?? h('span', { class: 'dim' }, 'without a name'), h('br'), h('code', {}, row.id), row.id === me.access.key && ' (yours)']],
            ['Node', row => row.node ?? 'the whole outbox'], ['May', row => row.rights.join(', ')],
            ['State', row => h('span', { class: `badge ${row.state === 'valid' ? 'good' : ''}` }, row.state)],
            ['Made', row => time(row.created)], ['Expires', row => row.expires ? timeAndDistance(row.expires) : 'never'], ['Last used', row => row.last_used ? timeAndDistance(row.last_used) : 'never'],
            ['Act', row => row.state === 'valid' ? button(`Revoke ${row.name ?? row.id}`, () => revoke(row), 'danger') : ''],
        ], keys));
    }
    async function revoke(row) {
        if (!await confirm(`Revoke ${row.name ?? row.id}?`, ['Whatever uses this key is refused from then on. This cannot be undone.', row.id === me.access.key ? 'It is the key that you are signed in with.' : ''].filter(line => line !== ''), 'Revoke', true)) return;
        try {
            await ask('DELETE', path`v1/keys/${row.id}`);
            fill(message, note('good', 'Revoked.'));
            announce('Revoked');
            await show();
        } catch (error) {
            fill(message, problemNote(error));
        }
    }
    async function make() {
        const made = await dialog('New key', form);
        if (!made) return;
        await dialog('The key is made', close => [
            h('p', {}, 'Copy it now. It is shown this once:'), h('pre', { tabindex: '0' }, made.key), copyButton('Copy it', made.key),
            h('div', { class: 'actions' }, h('button', { type: 'button', class: 'first', onclick: () => close() }, 'Done')),
        ], true);
        await show();
    }
    fill(main, title, h('div', { class: 'actions' }, button('Make a key', make)), message, list);
    await show();
});

function form(close) {
    const [name, node, life] = [makeID('name'), makeID('node'), makeID('life')];
    const fault = h('div', { role: 'alert' });
    const boxes = rights.filter(([right]) => me.can(right) && (right !== 'admin' || me.seesAll)).map(([right, words]) => {
        const box = h('input', { type: 'checkbox', value: right });
        return { box, element: h('label', {}, box, ` ${right}: ${words}`) };
    });
    const fields = { name: h('input', { id: name, maxlength: 100 }), node: h('input', { id: node, value: me.access.node ?? '', spellcheck: 'false', autocapitalize: 'none' }), life: h('select', { id: life }, lifetimes.map(([value, words]) => h('option', { value }, words))) };
    async function submit(event) {
        event.preventDefault();
        const body = { rights: boxes.filter(({ box }) => box.checked).map(({ box }) => box.value) };
        if (fields.name.value.trim() !== '') body.name = fields.name.value.trim();
        if (fields.node.value.trim() !== '') body.node = fields.node.value.trim();
        if (fields.life.value !== '') body.expires_in = Number(fields.life.value);
        try { close(await post('v1/keys', body)); } catch (error) { fill(fault, problemNote(error)); }
    }
    return h('form', { class: 'settings', onsubmit: submit }, fault,
        h('div', {}, h('label', { for: name }, 'Name'), h('p', { class: 'hint' }, 'So that you know it later, such as the program that uses it.'), fields.name),
        h('div', {}, h('label', { for: node }, 'Node'), h('p', { class: 'hint' }, 'All that it sees is this node and what is below it; the whole outbox when empty.'), fields.node),
        h('fieldset', { class: 'choices' }, h('legend', {}, 'It may'), boxes.map(({ element }) => element)),
        h('div', {}, h('label', { for: life }, 'It expires'), fields.life),
        h('div', { class: 'actions' }, h('button', { class: 'first' }, 'Make it'), h('button', { type: 'button', onclick: () => close() }, 'Make none')));
}
