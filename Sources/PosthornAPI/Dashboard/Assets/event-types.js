// The known types of events, for those who choose what an endpoint shall get.

import { h, fill, makeID, table } from './dom.js';
import { get, query } from './api.js';
import { page, go } from './router.js';

const vendors = ['weseedo', 'diio', 'conference', 'webio', 'voiso', 'standard', 'posthorn'];

page('event-types', async context => {
    const { main, signal } = context;
    const vendor = context.query.get('vendor') ?? '';
    const { data } = await get(`v1/event-types${query({ vendor })}`, signal);
    const id = makeID('vendor');
    const select = h('select', { id, name: 'vendor', onchange: () => go(`event-types${query({ vendor: select.value })}`) },
        ['', ...vendors].map(word => h('option', { value: word }, word || 'all')));
    select.value = vendor;
    fill(main, context.title('Event types'),
        h('p', { class: 'dim' }, 'What vendors are known to send, and the types of Posthorn\'s own events, which go to endpoints whose patterns name them. Events may have other types as well.'),
        h('form', { class: 'filter', onsubmit: event => event.preventDefault() }, h('div', {}, h('label', { for: id }, 'Vendor'), select)),
        data.length === 0 ? h('p', {}, 'No type of this vendor is known; it prescribes none.') : table('By vendor', [
            ['Type', row => h('code', {}, row.type)], ['Vendor', row => row.vendor], ['When', row => row.summary, 'words'],
            ['Goes to', row => row.lowest_level === 'site' ? 'endpoints of every level' : `endpoints of a ${row.lowest_level} and above`, 'words'],
            ['Example', row => h('details', {}, h('summary', {}, `Data of ${row.type}`), h('pre', { tabindex: '0' }, JSON.stringify(row.example, null, 2)))],
        ], data));
});
