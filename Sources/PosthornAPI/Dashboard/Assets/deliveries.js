// Deliveries: tabs by what has become of them, a filter that is the page's address, and acts on many at once.

import { h, fill, makeID, announce, note, button, tableRow } from './dom.js';
import { get, query, me } from './api.js';
import { page, link, go, problemNote } from './router.js';
import { count, deliveryState, due, errors, outcome, time } from './words.js';
import { act, actOnAll, acts, bulkActs, bulkBody, chooseAll } from './many.js';

const tabs = [
    { word: 'All', filter: {} },
    { word: 'Pending', filter: { state: ['pending'] } },
    { word: 'Retrying', filter: { state: ['pending'], attempts_min: '1' }, hint: 'Pending with failed attempts behind them, the one first whose next attempt comes first.' },
    { word: 'Held', filter: { state: ['held'] }, hint: 'They go out when their endpoint is enabled, verified or mended.' },
    { word: 'Exhausted', filter: { state: ['exhausted'] }, hint: 'Every attempt failed. They stay here until they are retried by hand.' },
    { word: 'Never got through', filter: { state: ['held', 'exhausted'] }, hint: 'Everything that no receiver has taken and that does not move by itself.' },
    { word: 'Delivered', filter: { state: ['delivered'] } },
    { word: 'Cancelled', filter: { state: ['cancelled'] }, hint: 'Taken back by hand, or with their endpoint. They are not sent any more.' },
];

/// Whether a filter asks for those that are tried again alone, which are listed by their next attempts.
function isOfRetries(filter) { return filter.state.length === 1 && filter.state[0] === 'pending' && Number(filter.attempts_min[0] ?? 0) > 0; }

const fields = [
    ['endpoint', 'Endpoint'], ['node', 'Node and below'], ['type', 'Type or pattern'], ['event', 'Event id'],
    ['after', 'Events from'], ['before', 'Events before'],
];

/// The parameters of the list that the address may have.
const names = ['state', 'endpoint', 'node', 'type', 'event', 'error', 'status_class', 'attempts_min', 'after', 'before'];

page('deliveries', async context => {
    const filter = Object.fromEntries(names.map(name => [name, context.query.getAll(name).filter(value => value !== '')]));
    const tab = tabs.findLast(each => isTab(each, filter));
    const list = deliveryList(filter, context.signal);
    fill(context.main,
        context.title(tab ? `Deliveries: ${tab.word.toLowerCase()}` : 'Deliveries'),
        h('nav', { class: 'tabs', 'aria-label': 'Deliveries by state' }, h('ul', {}, tabs.map(each => h('li', {}, tabLink(each, filter, each === tab))))),
        tab?.hint && h('p', { class: 'dim' }, tab.hint),
        filterForm(filter),
        list.element);
    await list.more();
});

function isTab(tab, filter) {
    const states = tab.filter.state ?? [];
    return states.length === filter.state.length && states.every(state => filter.state.includes(state))
        && (tab.filter.attempts_min ?? '') === (filter.attempts_min[0] ?? '');
}

function tabLink(tab, filter, isCurrent) {
    const anchor = link(`deliveries${query({ ...filter, state: [], attempts_min: [], ...tab.filter })}`, tab.word);
    if (isCurrent) anchor.setAttribute('aria-current', 'page');
    return anchor;
}

function filterForm(filter) {
    const field = (name, label, control) => {
        const id = makeID(name);
        control.id = id;
        control.name = name;
        return h('div', {}, h('label', { for: id }, label), control);
    };
    const choice = (name, options) => {
        const select = h('select', {}, h('option', { value: '' }, 'any'), options.map(([value, word]) => h('option', { value }, word)));
        select.value = filter[name][0] ?? '';
        return select;
    };
    const isTime = name => name === 'after' || name === 'before';
    const form = h('form', { class: 'filter', role: 'search', 'aria-label': 'Filter deliveries' },
        fields.map(([name, label]) => field(name, label, isTime(name)
            ? h('input', { type: 'datetime-local', step: 1, value: localTime(filter[name][0]) })
            : h('input', { value: filter[name].join(' '), spellcheck: 'false', autocapitalize: 'none' }))),
        field('error', 'Failed with', choice('error', Object.keys(errors).map(word => [word, word]))),
        field('status_class', 'Status', choice('status_class', [2, 3, 4, 5].map(digit => [String(digit), `${digit}xx`]))),
        h('div', { class: 'actions' }, h('button', {}, 'Filter'), link('deliveries', 'Clear')));
    form.addEventListener('submit', event => {
        event.preventDefault();
        const given = new FormData(form);
        const values = { state: filter.state, attempts_min: filter.attempts_min };
        for (const name of names.slice(1)) {
            if (!given.has(name)) continue;
            const text = given.get(name).trim();
            if (name === 'type') values[name] = text.split(/\s+/);
            else if (isTime(name)) values[name] = text === '' ? '' : new Date(text).toISOString();
            else values[name] = text;
        }
        go(`deliveries${query(values)}`);
    });
    // On small screens the list comes first.
    const isWanted = matchMedia('(min-width: 40rem)').matches || names.slice(1).some(name => name !== 'attempts_min' && filter[name].length > 0);
    return h('details', { open: isWanted }, h('summary', {}, 'Filter'), form);
}

/// A moment as fields for times have it: the reader's own time, without a zone.
function localTime(text) {
    if (!text) return '';
    const moment = new Date(text);
    if (Number.isNaN(moment.getTime())) return '';
    return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

const columns = [
    ['Delivery', row => link(`deliveries/${row.id}`, row.id)],
    ['Type', row => row.type],
    ['Endpoint', row => link(`endpoints/${encodeURIComponent(row.endpoint)}`, row.endpoint)],
    ['State', row => deliveryState(row)],
    ['Attempts', row => count(row.attempts), 'number'],
    ['Newest result', outcome, 'words'],
    ['Next or last', row => row.next_attempt_at && row.state === 'pending' ? due(row.next_attempt_at) : time(row.finished_at)],
    ['Event', row => [link(`events/${encodeURIComponent(row.event)}`, row.event), h('br'), h('span', { class: 'dim' }, time(row.created))]],
];

/// The list with its selection. `more` asks for the next part.
export function deliveryList(filter, signal) {
    const chosen = new Map();
    const caption = makeID('list');
    const body = h('tbody', {});
    const bar = h('div', { class: 'actions', role: 'group', 'aria-label': 'Chosen deliveries' });
    const message = h('div', { role: 'status' });
    const end = h('div', {});
    const mayAct = me.can('retry');
    const byNext = isOfRetries(filter);
    const asked = byNext ? { ...filter, order: 'next_attempt' } : filter;
    let [cursor, total, isAsking] = [null, 0, false];

    function showBar() {
        if (!mayAct) return;
        const rows = [...chosen.values()];
        fill(bar,
            h('span', {}, `${count(rows.length)} chosen`),
            acts.filter(each => !each.isOfLanes && rows.some(each.fits)).map(each => button(`${each.word} ${count(rows.filter(each.fits).length)}`, () => actOnChosen(each), each.isDangerous ? 'danger' : '')),
            rows.length > 0 && button('Choose none', () => { chosen.clear(); showChecks(); }),
            total > 0 && button('Choose all that match ...', chooseAllThatMatch),
            total > 0 && bulkActs.map(each => ({ each, body: bulkBody(each, filter) })).filter(({ body }) => body !== null).map(({ each, body }) =>
                button(`All that match: ${each.word.slice(0, 1).toLowerCase()}${each.word.slice(1)} ...`, () => actOnAll(each, body, message), each.isDangerous ? 'danger' : '')));
    }
    function showChecks() {
        for (const box of body.querySelectorAll('input')) box.checked = chosen.has(box.value);
        showBar();
    }
    async function actOnChosen(each) {
        const rows = [...chosen.values()].filter(each.fits);
        if (await act(each, rows, message, signal)) await again();
    }
    async function chooseAllThatMatch() {
        const rows = await chooseAll(`v1/deliveries${query(asked)}`, signal);
        if (!rows) return;
        for (const row of rows) chosen.set(row.id, row);
        showChecks();
        announce(`${count(rows.length)} chosen`);
    }
    async function again() {
        chosen.clear();
        fill(body);
        [cursor, total] = [null, 0];
        await more();
    }
    function check(row) {
        const box = h('input', { type: 'checkbox', value: row.id, 'aria-label': `Choose delivery ${row.id}` });
        box.addEventListener('change', () => {
            if (box.checked) chosen.set(row.id, row); else chosen.delete(row.id);
            showBar();
        });
        return box;
    }
    async function more() {
        if (isAsking) return;
        isAsking = true;
        try {
            const part = await get(`v1/deliveries${query({ ...asked, limit: 50, cursor })}`, signal);
            body.append(...part.data.map(row => {
                const element = tableRow(columns, row);
                if (mayAct) element.prepend(h('td', {}, check(row)));
                return element;
            }));
            total += part.data.length;
            cursor = part.next_cursor;
            showEnd(part.searched_until);
        } catch (error) {
            if (error.name === 'AbortError') return;
            fill(end, problemNote(error), button('Try again', more));
        } finally {
            isAsking = false;
            showBar();
        }
    }
    function showEnd(searchedUntil) {
        watcher.disconnect();
        if (!cursor) {
            fill(end, total === 0 ? emptyNote(filter) : h('p', { class: 'dim' }, `All ${count(total)} are shown.`));
            return;
        }
        fill(end, searchedUntil && note('', h('p', {}, byNext ? 'Searched as far as next attempts at ' : 'Searched back to ', time(searchedUntil), `; ${total === 0 ? 'nothing matched so far' : `${count(total)} matched so far`}.`)),
            button(!searchedUntil ? 'Show more' : byNext ? 'Search on' : 'Search further back', more));
        if (!searchedUntil) watcher.observe(end);
    }
    // Goes on by itself when the end comes into view.
    const watcher = new IntersectionObserver(entries => { if (entries.some(entry => entry.isIntersecting)) more(); });
    signal.addEventListener('abort', () => watcher.disconnect());
    const element = h('div', {}, bar, message,
        h('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-labelledby': caption },
            h('table', {}, h('caption', { id: caption }, byNext ? 'By next attempt' : 'Newest first'),
                h('thead', {}, h('tr', {}, mayAct && h('td', {}, h('span', { class: 'unseen' }, 'Choose')),
                    columns.map(([heading, , kind]) => h('th', { scope: 'col', class: kind }, heading)))),
                body)),
        end);
    return { element, more };
}

function emptyNote(filter) {
    if (Object.values(filter).some(values => values.length > 0)) return h('p', {}, 'Nothing matches.');
    return h('p', {}, 'There are no deliveries yet. They come with events: ', h('code', {}, 'posthorn emit events.ndjson'), ' or POST /v1/events.');
}
