// The shell: who is signed in, the way about, and the keys of the keyboard.

import { h, fill, button, dialog } from './dom.js';
import { ask, base, get, key, me, path as pathOf, Problem } from './api.js';
import { link, go, leavePage, problemNote, render, startRouter } from './router.js';
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
import './portal-sessions.js';
import './changes.js';
import './backups.js';

const places = [
    { path: '', word: 'Overview', letter: 'o', right: 'read_metadata' },
    { path: 'deliveries', word: 'Deliveries', letter: 'd', right: 'read_metadata' },
    { path: 'endpoints', word: 'Endpoints', letter: 'e', right: 'read_metadata' },
    { path: 'events', word: 'Events', letter: 'v', right: 'read_metadata' },
    { path: 'event-types', word: 'Event types', letter: 't', right: null },
    { path: 'nodes', word: 'Hierarchy', letter: 'h', right: 'read_metadata' },
    { path: 'replays', word: 'Replays', letter: 'r', right: 'read_metadata' },
    { path: 'changes', word: 'Changes', letter: 'c', right: 'read_metadata' },
    { path: 'keys', word: 'Keys', letter: 'k', right: 'keys' },
    { path: 'portal-sessions', word: 'Portal', letter: 'p', right: 'keys' },
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
        (key.get() || me.isVisitor) && button('Sign out', leave));
}

async function leave() {
    // What the page still asks for is not asked for any more, and its refusal is no news.
    leavePage();
    const { access, isVisitor } = me;
    // The browser keeps a session's cookie out of reach of this page, so the server ends it.
    if (isVisitor) {
        try { await ask('DELETE', pathOf`v1/portal-sessions/${access.key}`, { isTrial: true }); } catch (error) {
            // What is over already need not be ended; whatever else goes wrong leaves it open to the next reader at this browser.
            if (error.status !== 401) {
                render();
                stillSignedIn(error);
                return;
            }
        }
    }
    key.clear();
    me.access = null;
    if (isVisitor) farewell();
    else start();
}

function stillSignedIn(error) {
    return dialog('You are still signed in', close => [
        problemNote(error),
        h('p', {}, 'Your session could not be ended. Try again, and do not leave this browser to others before it has worked.'),
        h('div', { class: 'actions' }, h('button', { type: 'button', class: 'first', onclick: () => close(), autofocus: true }, 'Close')),
    ]);
}

/// A visitor has no key to sign in with.
function farewell() {
    showTop('');
    showWords('You are signed out', 'To come back, ask for a new link where you got the last one.');
}

/// A page of nothing but words.
function showWords(title, ...lines) {
    document.title = `${title} - Posthorn`;
    const heading = h('h1', { tabindex: '-1' }, title);
    fill(document.getElementById('main'), heading, lines.map(line => h('p', {}, line)));
    heading.focus();
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
    // A browser forgets the cookie of a session that is long over, and the API then asks for a key, which a visitor never had.
    const isForgotten = me.isVisitor && event.detail.kind !== 'session-ended';
    // What the page makes of its own refusal must not take the place of what is said here.
    leavePage();
    key.clear();
    me.access = null;
    start(isForgotten ? new Problem(401, { type: 'session-ended', detail: 'the portal session has expired or was ended' }) : event.detail);
});

/// Begins with the key or session that the browser has, or asks for a key.
async function start(problem = null) {
    if (location.pathname === `${base}portal-link`) {
        showTop('');
        deadLink();
        return;
    }
    try {
        me.access = problem ? null : await get('v1/whoami', undefined, true);
    } catch (error) {
        me.access = null;
        if (key.get() || error.status !== 401 || error.kind === 'session-ended') problem = error;
        key.clear();
    }
    if (me.access) {
        startPages();
        return;
    }
    showTop('');
    signIn(problem, access => { me.access = access; startPages(); });
}

/// What a link leads to that was used, is too old, or was never made.
function deadLink() {
    showWords('This link opens nothing', 'Each link works once and for ten minutes. Go back to the site that gave it to you, and ask for a new one there.', link('', 'To the sign-in'));
}

let isStarted = false;

function startPages() {
    if (!isStarted) startRouter(showTop);
    isStarted = true;
    render();
}

start();
