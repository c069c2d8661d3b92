// The shell: who is signed in, the way about, and the keys of the keyboard.

import { h, fill, button, dialog } from './dom.js';
import { base, get, key, me } from './api.js';
import { link, go, render, startRouter } from './router.js';
import { refresh } from './refresh.js';
import { signIn } from './sign-in.js';
import './overview.js';
import './deliveries.js';
import './delivery.js';
import './endpoints.js';
import './endpoint.js';
import './events.js';
import './event-types.js';
import './nodes.js';
import './replays.js';
import './keys.js';

const places = [
    { path: '', word: 'Overview', letter: 'o', right: 'read_metadata' },
    { path: 'deliveries', word: 'Deliveries', letter: 'd', right: 'read_metadata' },
    { path: 'endpoints', word: 'Endpoints', letter: 'e', right: 'read_metadata' },
    { path: 'events', word: 'Events', letter: 'v', right: 'read_metadata' },
    { path: 'event-types', word: 'Event types', letter: 't', right: null },
    { path: 'nodes', word: 'Hierarchy', letter: 'h', right: 'read_metadata' },
    { path: 'replays', word: 'Replays', letter: 'r', right: 'read_metadata' },
    { path: 'keys', word: 'Keys', letter: 'k', right: 'keys' },
];

const top = document.getElementById('top');

function allowedPlaces() { return places.filter(place => place.right === null || me.can(place.right)); }

function showTop(path) {
    if (!me.access) return fill(top, h('span', { class: 'brand' }, 'Posthorn'));
    const current = path.split('/')[0];
    const pause = h('button', {
        type: 'button', 'aria-pressed': String(refresh.isPaused),
        onclick: event => {
            refresh.isPaused = !refresh.isPaused;
            event.currentTarget.setAttribute('aria-pressed', String(refresh.isPaused));
        },
    }, 'Pause refresh');
    return fill(top,
        h('a', { class: 'brand', href: base }, 'Posthorn'),
        h('nav', { 'aria-label': 'Pages' }, h('ul', {}, allowedPlaces().map(place => h('li', {},
            h('a', { href: base + place.path, 'aria-current': place.path === current ? 'page' : null }, place.word))))),
        me.access.node !== null && h('span', {}, 'node ', h('strong', {}, me.access.node)),
        pause,
        button('Keyboard', help),
        key.get() && button('Sign out', leave));
}

function leave() {
    key.clear();
    me.access = null;
    start();
}

function help() {
    const rows = [['/', 'to the filter'], ['?', 'this list'], ...allowedPlaces().map(place => [`g ${place.letter}`, place.word])];
    return dialog('Keys of the keyboard', close => [
        h('dl', { class: 'facts' }, rows.map(([keys, words]) => [h('dt', {}, h('kbd', {}, keys)), h('dd', {}, words)])),
        h('p', {}, 'Everything can be reached with Tab and Enter. Times are your own; hold the pointer over one to see it in UTC.'),
        h('div', { class: 'actions' }, h('button', { type: 'button', class: 'first', onclick: () => close(), autofocus: true }, 'Close')),
    ]);
}

let isGoing = false;

addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]') || !me.access) return;
    if (event.target.matches?.('input, select, textarea')) return;
    if (isGoing) {
        isGoing = false;
        const place = allowedPlaces().find(each => each.letter === event.key);
        if (place) { event.preventDefault(); go(place.path); }
        return;
    }
    if (event.key === 'g') isGoing = true;
    if (event.key === '?') { event.preventDefault(); help(); }
    if (event.key === '/') {
        const field = document.querySelector('form.filter input');
        if (field) {
            event.preventDefault();
            const folded = field.closest('details');
            if (folded) folded.open = true;
            field.focus();
        }
    }
});

addEventListener('signed-out', event => {
    if (!me.access) return;
    key.clear();
    me.access = null;
    start(event.detail);
});

/// Begins with the key or session that the browser has, or asks for a key.
async function start(problem = null) {
    try {
        me.access = problem ? null : await get('v1/whoami', undefined, true);
    } catch (error) {
        me.access = null;
        if (key.get() || error.status !== 401) problem = error;
        key.clear();
    }
    if (me.access) {
        startPages();
        return;
    }
    showTop('');
    signIn(problem, access => { me.access = access; startPages(); });
}

let isStarted = false;

function startPages() {
    if (!isStarted) startRouter(showTop);
    isStarted = true;
    render();
}

start();
