// Copies of the outbox: those that there are, and a button that makes one.

import { h, fill, announce, button, table } from './dom.js';
import { get, post } from './api.js';
import { page, problemNote } from './router.js';
import { counted, timeAndDistance } from './words.js';
import { follow, isInUse } from './refresh.js';

const everyMilliseconds = 2000;
const kinds = { done: 'good', failed: 'bad', under_way: '' };

page('backups', async context => {
    const { main, signal } = context;
    const message = h('div', { role: 'status' });
    const list = h('div', {});
    let shown;
    async function show() {
        const { data } = await get('v1/backups', signal);
        const key = JSON.stringify(data);
        if (key === shown || (shown && isInUse(list))) return;
        shown = key;
        fill(list, data.length === 0 ? h('p', {}, 'There is none in the server\'s folder.') : table('Newest first', [
            ['Taken', row => timeAndDistance(row.taken_at)],
            ['State', row => h('span', { class: `badge ${kinds[row.state]}` }, row.state.replace('_', ' '))],
            ['File', row => row.file ? h('code', {}, row.file) : row.problem ? `none: ${row.problem}; the server's log says more` : ''],
            ['Size', row => row.bytes === null ? '' : counted(row.bytes, 'byte'), 'number'],
        ], data));
    }
    async function begin() {
        try {
            await post('v1/backups');
            fill(message);
            announce('Begun; it is in the list once it is checked');
        } catch (error) { fill(message, problemNote(error)); }
        shown = null;
        await show();
    }
    fill(main, context.title('Backups'), message,
        h('p', {}, 'A copy is made while everything runs, in the folder that the server was started with, and is checked before it has its name. '
            + 'Keep it on another disk, and the key of sealed credentials elsewhere.'),
        h('div', { class: 'actions' }, button('Back up now', begin)), list);
    await follow(signal, everyMilliseconds, show);
});
