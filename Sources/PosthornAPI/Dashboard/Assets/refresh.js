// Figures that follow the outbox while someone looks: not while the tab is hidden, and not while the reader has paused them.

import { fill, h, note } from './dom.js';

const pausedName = 'posthorn-paused';
const watchers = new Set();
const stale = document.getElementById('stale');

export const refresh = {
    get isPaused() { return sessionStorage.getItem(pausedName) === 'yes'; },
    set isPaused(value) {
        sessionStorage.setItem(pausedName, value ? 'yes' : 'no');
        for (const wake of watchers) wake();
    },
};

/// Does something now and every so many milliseconds until the reader leaves the page.
export async function follow(signal, milliseconds, action) {
    let timer = null;
    let isBusy = false;
    const isIdle = () => document.hidden || refresh.isPaused || signal.aborted;
    const plan = () => { timer = isIdle() ? null : setTimeout(run, milliseconds); };
    async function run() {
        timer = null;
        isBusy = true;
        try {
            await action();
            fill(stale);
        } catch (error) {
            // Goes on: what cannot be had now may be had the next time.
            if (error.name !== 'AbortError' && !signal.aborted) fill(stale, note('warn', h('p', {}, `This page is not up to date: ${error.message}`)));
        } finally { isBusy = false; }
        plan();
    }
    const wake = () => {
        if (isIdle()) { clearTimeout(timer); timer = null; } else if (timer === null && !isBusy) run();
    };
    watchers.add(wake);
    document.addEventListener('visibilitychange', wake);
    signal.addEventListener('abort', () => {
        fill(stale);
        clearTimeout(timer);
        watchers.delete(wake);
        document.removeEventListener('visibilitychange', wake);
    });
    await action();
    plan();
}

/// Whether a part of the page is in use, so that nothing in it may move.
export function isInUse(element) { return element.contains(document.activeElement) || element.matches(':hover'); }
