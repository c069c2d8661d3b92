// How an endpoint did: the share of attempts that were delivered, and how long they took, over an hour, a day or a month.

import { h, fill, makeID } from './dom.js';
import { get } from './api.js';
import { follow, isInUse } from './refresh.js';
import { count, counted, errors, length, share, unknown } from './words.js';
import { plot } from './plot.js';

const everyMilliseconds = 30_000;
const spans = [['5m', 'the last hour'], ['1h', 'the last day'], ['1d', 'the last 30 days']];

/// What became of the attempts of the endpoint at a path of the API. `follow` keeps it up to date.
export function past(target, signal) {
    const id = makeID('span');
    const select = h('select', { id }, spans.map(([step, words]) => h('option', { value: step }, words)));
    const shown = h('div', {});
    let last;
    async function show() {
        const step = select.value;
        const statistics = await get(`${target}/stats?step=${step}`, signal).catch(error => {
            if (error.name === 'AbortError' || error.status === 401) throw error;
            return { problem: error.message };
        });
        const key = JSON.stringify(statistics);
        if (step !== select.value || key === last || (last && isInUse(shown))) return;
        last = key;
        fill(shown, statistics.problem ? h('p', {}, `How it did is ${unknown}: ${statistics.problem}`) : drawn(statistics));
    }
    select.addEventListener('change', () => { last = null; show().catch(() => {}); });
    return {
        element: h('section', { 'aria-label': 'How it did' }, h('h2', {}, 'How it did'), h('div', { class: 'actions' }, h('label', { for: id }, 'In'), select), shown),
        follow: () => follow(signal, everyMilliseconds, show),
    };
}

function drawn({ total, data, since, until, step_seconds: seconds }) {
    if (total.attempts === 0) return h('p', { class: 'dim' }, 'No attempt was counted.');
    const byStart = new Map(data.map(each => [Date.parse(each.start), each]));
    const steps = [];
    // A step without attempts has no share and no length: a gap.
    for (let at = Date.parse(since); at < Date.parse(until); at += seconds * 1000) steps.push({ at, ...byStart.get(at) });
    const failed = Object.entries(total.failed).sort(([, a], [, b]) => b - a).map(([error, number]) => `${error} ${count(number)}`);
    return [
        h('p', {}, h('strong', {}, share(total.delivered, total.attempts)), ` of ${counted(total.attempts, 'attempt was', 'attempts were')} delivered`,
            total.exhausted > 0 && `; ${counted(total.exhausted, 'delivery was', 'deliveries were')} exhausted`, '. ',
            failed.length > 0 && h('span', { class: 'dim', title: Object.keys(total.failed).map(error => errors[error]?.[0] ?? error).join(' ') }, `Failed with: ${failed.join(', ')}.`)),
        h('div', { class: 'columns' },
            plot('Share of attempts that were delivered', steps, [{ name: 'share', kind: 'good', value: each => each.attempts > 0 ? each.delivered / each.attempts : null, text: value => share(value ?? undefined, 1) }], 1),
            plot('How long attempts took', steps, [['p99', 'warn'], ['p90'], ['p50', 'good']].map(([name, kind]) => ({ name, kind, value: each => each.latency_ms?.[name] ?? null, text: length })))),
    ];
}
