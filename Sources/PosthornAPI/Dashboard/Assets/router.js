// Which page is shown: the path says so, and what narrows it down is in the query, so that a link shows the same to another reader.

import { fill, h, announce, note } from './dom.js';
import { base, me } from './api.js';

const routes = [];
let leaving = new AbortController();
let afterwards = () => {};

/// Declares a page. In the pattern, `:name` takes one segment of the path.
export function page(pattern, show) { routes.push({ segments: pattern.split('/'), show }); }

/// A link within the application.
export function link(target, ...children) {
    return h('a', { href: base + target }, children);
}

/// Goes to a page.
export function go(target, replace = false) {
    history[replace ? 'replaceState' : 'pushState'](null, '', base + target);
    return render(true);
}

function match(segments) {
    for (const route of routes) {
        if (route.segments.length !== segments.length) continue;
        const values = {};
        const fits = route.segments.every((part, i) => {
            if (!part.startsWith(':')) return part === segments[i];
            values[part.slice(1)] = decodeURIComponent(segments[i]);
            return segments[i] !== '';
        });
        if (fits) return { show: route.show, values };
    }
    return null;
}

/// What a page is given: its parameters, and a signal that says when the reader has left it.
function context(values, main) {
    return {
        values, main, signal: leaving.signal,
        query: new URLSearchParams(location.search),
        /// Sets the title, and makes the heading.
        title: text => {
            document.title = `${text} - Posthorn`;
            return h('h1', { tabindex: '-1' }, text);
        },
    };
}

/// Ends what the page of the present path does.
export function leavePage() { leaving.abort(); }

/// Shows the page of the present path.
export async function render(isMove = false) {
    leaving.abort();
    leaving = new AbortController();
    const signal = leaving.signal;
    const main = document.getElementById('main');
    const path = location.pathname.startsWith(base) ? location.pathname.slice(base.length) : '';
    afterwards(path);
    try {
        const found = match(path.split('/'));
        if (!found) fill(main, h('h1', { tabindex: '-1' }, 'There is no such page'), h('p', {}, link('', 'Go to the first page')));
        else await found.show(context(found.values, main));
    } catch (error) {
        if (error.name === 'AbortError' || signal.aborted) return;
        fill(main, h('h1', { tabindex: '-1' }, error.title ?? 'This page failed'), problemNote(error));
    }
    if (signal.aborted) return;
    main.dataset.shown = path;
    if (isMove) {
        main.querySelector('h1')?.focus({ preventScroll: true });
        scrollTo(0, 0);
        announce(document.title);
    }
}

/// A fault as people read it: `/credentials/secret` is secret.
function faultWords({ pointer, parameter, detail }) {
    const place = pointer ? pointer.slice(1).split('/').filter(part => part !== 'credentials').join(', ') : parameter;
    return place ? `${place} ${detail}` : detail;
}

/// A refusal as people read it.
export function problemNote(error) {
    return note('bad', h('p', {}, h('strong', {}, error.title ?? 'It failed'), `: ${error.message}`),
        (error.errors ?? []).map(fault => h('p', {}, faultWords(fault))),
        error.requestID && h('p', { class: 'dim' }, `Request ${error.requestID}${me.isVisitor ? '; those who run Posthorn find a line with it in the log.' : '; the log of posthorn run has a line with it.'}`));
}

/// Follows links and the history.
/// - `changed`: called with the path of each page before it is shown.
export function startRouter(changed) {
    afterwards = changed;
    addEventListener('popstate', () => render(true));
    document.addEventListener('click', event => {
        const anchor = event.target.closest?.('a');
        if (!anchor || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        const target = new URL(anchor.href, location.href);
        if (target.origin !== location.origin || !target.pathname.startsWith(base) || anchor.getAttribute('href').startsWith('#')) return;
        event.preventDefault();
        go(target.pathname.slice(base.length) + target.search);
    });
}
