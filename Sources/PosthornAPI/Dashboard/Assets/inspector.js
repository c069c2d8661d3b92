// What a receiver gets, live: posthorn receive --ui. Made of the dashboard's parts, and asking its own server alone.

import { h, fill, button, copyButton, facts, note, table } from './dom.js';
import { follow, refresh } from './refresh.js';
import { count, counted, curl, pretty, time } from './words.js';

const everyMilliseconds = 500;
/// Rows that the page holds; older ones go.
const shownLimit = 500;

const top = document.getElementById('top');
const main = document.getElementById('main');
const leaving = new AbortController();
const kinds = { validation: 'a check that the receiver is there', value_request: 'a question for values', greeting: 'a browser' };

const requests = [];
let newest = 0;
let missed = 0;
let receiver = '';
let chosen = null;
let words = '';

const filter = h('input', { id: 'words', type: 'search', spellcheck: 'false', autocapitalize: 'none', oninput: event => { words = event.currentTarget.value.trim().toLowerCase(); showList(); } });
const figures = h('p', { class: 'dim' });
const list = h('div', {});
const detail = h('section', { 'aria-label': 'The chosen request' });

fill(top, h('span', { class: 'brand' }, 'Posthorn receiver'), h('span', { id: 'place' }),
    h('button', {
        type: 'button', 'aria-pressed': String(refresh.isPaused),
        onclick: event => {
            refresh.isPaused = !refresh.isPaused;
            event.currentTarget.setAttribute('aria-pressed', String(refresh.isPaused));
        },
    }, 'Pause'),
    button('Empty the list', () => { requests.length = 0; chosen = null; missed = 0; showList(); showChosen(); }));
fill(main, h('h1', { tabindex: '-1' }, 'Requests'),
    h('form', { class: 'filter', onsubmit: event => event.preventDefault() }, h('div', {}, h('label', { for: 'words' }, 'Only those with'), filter)),
    figures, h('div', { class: 'columns' }, list, detail));

addEventListener('keydown', event => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || event.target.matches?.('input')) return;
    event.preventDefault();
    filter.focus();
});

function verdict(request) {
    if (request.signature === 'valid') return h('span', { class: 'badge good' }, 'verified');
    if (request.signature === 'invalid') return h('span', { class: 'badge bad' }, 'not verified');
    if (request.signature === 'unsigned') return h('span', { class: 'badge warn' }, 'not signed');
    return h('span', { class: 'badge' }, 'not checked');
}

function answer(request) {
    if (request.status === null) return h('span', { class: 'badge bad' }, 'hung up');
    return h('span', { class: `badge ${request.status === 200 ? 'good' : 'warn'}` }, String(request.status));
}

function fits(request) {
    if (words === '') return true;
    return [request.path, request.type, request.id, request.signature_problem, request.problem, request.body].some(text => (text ?? '').toLowerCase().includes(words));
}

function showList() {
    const rows = requests.filter(fits);
    const gone = missed > 0 ? ` ${counted(missed, 'older one is', 'older ones are')} not kept.` : '';
    const duplicates = requests.filter(each => each.duplicate).length;
    const refused = requests.filter(each => each.signature === 'invalid').length;
    fill(figures, `${counted(requests.length, 'request')}, ${counted(duplicates, 'duplicate')}, ${counted(refused, 'wrong signature')}.${gone}`);
    if (rows.length === 0) {
        fill(list, requests.length > 0 ? h('p', {}, 'None has these words.') : [
            h('p', {}, 'Nothing has arrived yet. Have something sent to ', h('code', {}, receiver), ', such as:'),
            h('pre', { tabindex: '0' }, `posthorn load ${receiver} --rate 1 --count 10`)]);
        return;
    }
    fill(list, table('Newest first', [
        ['Request', row => button(`${row.number}: ${row.type ?? kinds[row.kind] ?? 'without a type'}`, () => choose(row), 'plain')],
        ['Event', row => [row.id ?? '', row.times > 1 && h('span', { class: 'badge warn' }, row.duplicate ? `duplicate, time ${row.times}` : `time ${row.times}`)]],
        ['Signature', row => verdict(row)], ['Answer', row => answer(row)], ['Arrived', row => time(row.time)],
    ], rows));
}

function choose(request) {
    chosen = request;
    showChosen();
    detail.querySelector('h2').focus();
}

function showChosen() {
    if (!chosen) return fill(detail);
    const request = chosen;
    const why = request.signature_problem ?? request.problem;
    const url = `${receiver.replace(/\/$/, '')}${request.target}`;
    return fill(detail,
        h('h2', { tabindex: '-1' }, `Request ${request.number}`),
        why && note(request.signature === 'invalid' ? 'bad' : 'warn', h('p', {}, h('strong', {}, request.signature === 'invalid' ? 'Not verified' : 'Note'), `: ${why}`)),
        facts([
            ['Line', h('code', {}, `${request.method} ${request.target}`)], ['From', request.address], ['Arrived', time(request.time)],
            ['Event', request.id], ['Type', request.type], ['Attempt', request.attempt === null ? null : count(request.attempt)],
            ['Has come', request.times > 0 ? `${counted(request.times, 'time')}${request.duplicate ? ', and was answered 200 before' : ''}` : null],
            ['Signature', verdict(request)], ['Answer', [answer(request), request.delay_ms > 0 && ` after ${count(request.delay_ms)} ms`]],
            ['Body', counted(request.bytes, 'byte')],
        ]),
        h('h3', {}, 'Header'), h('pre', { tabindex: '0' }, request.headers.map(each => `${each.name}: ${each.value}`).join('\n')),
        h('h3', {}, 'Body'), h('pre', { tabindex: '0' }, request.body === '' ? '(empty)' : pretty(request.body)),
        request.body_left_out > 0 && h('p', { class: 'dim' }, `${counted(request.body_left_out, 'more byte is', 'more bytes are')} not shown.`),
        h('div', { class: 'actions' }, copyButton('Copy the body', request.body), copyButton('Copy as curl', curl({ method: request.method, url, headers: request.headers, body: request.body }))));
}

async function look() {
    let part;
    do {
        const response = await fetch(`/requests?after=${newest}`, { cache: 'no-store', credentials: 'omit', redirect: 'error' })
            .catch(() => { throw new Error('posthorn receive does not answer; is it running?'); });
        if (!response.ok) throw new Error(`answered ${response.status}`);
        part = await response.json();
        // It was started again, and counts from the beginning.
        if (part.newest < newest) { newest = 0; requests.length = 0; chosen = null; showChosen(); continue; }
        const isFirst = receiver === '';
        receiver = part.receiver;
        fill(document.getElementById('place'), 'at ', h('strong', {}, receiver));
        missed += part.missed;
        requests.unshift(...part.data.toReversed());
        missed += Math.max(0, requests.length - shownLimit);
        requests.length = Math.min(requests.length, shownLimit);
        newest = part.newest;
        if (part.data.length > 0 || isFirst) showList();
    } while (part.data.length > 0);
    main.dataset.shown = 'requests';
}

follow(leaving.signal, everyMilliseconds, look).catch(error => fill(document.getElementById('stale'), note('bad', h('p', {}, error.message))));
