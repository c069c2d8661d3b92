// The first screen: how far behind, what is in trouble, what was exhausted in the last hour, how much goes through.

import { h, fill, table, note, announce, facts } from './dom.js';
import { get, query, me } from './api.js';
import { page, link } from './router.js';
import { follow, isInUse } from './refresh.js';
import { atLeast, count, counted, length, rate, unknown, endpointState, endpointTrouble, limitName, limitWords, stoppedLanes, time, timeAndDistance } from './words.js';
import { plot } from './plot.js';

const everyMilliseconds = 2000;
/// The slower questions: who is in trouble, what was exhausted.
const everyManyMilliseconds = 15000;
const hour = 3600_000;
/// The engine counts every five seconds, so a shorter step would have the wrong rate.
const shortestSeconds = 30;
/// Endpoints in trouble that the first screen has room for.
const shownLimit = 25;
/// The newest exhausted deliveries, which are looked through for those of the last hour. Few, since each is some hundred bytes long.
const searchLimit = 50;

page('', async ({ title, main, signal }) => {
    const [behind, trouble, exhausted, through] = [card('How far behind'), card('Endpoints in trouble'), card('Exhausted in the last hour'), card('Throughput')];
    const engine = h('div', {});
    const plots = h('div', { class: 'columns' });
    const lastHour = h('div', { class: 'columns' });
    const list = h('div', {});
    const upkeep = h('div', {});
    const samples = [];
    let [lastEngine, hourly, seesAll] = [null, null, true];
    fill(main, title('Overview'), engine, h('ul', { class: 'cards' }, [behind, trouble, exhausted, through].map(each => each.element)), lastHour, plots, list, upkeep);

    async function showFigures() {
        let status;
        try {
            status = await get('v1/status', signal);
        } catch (error) {
            if (error.name === 'AbortError' || error.status === 401) throw error;
            // What was true a while ago may not be true now.
            for (const each of [behind, through]) each.show(unknown, error.message);
            fill(engine, note('bad', h('p', {}, error.message)));
            return;
        }
        seesAll = 'overdue' in status;
        if (seesAll) {
            behind.show(...lag(status));
            through.show(...throughput(status));
        } else {
            showTree();
        }
        const state = engineNote(status) ?? limitNote(status);
        fill(engine, state);
        if (state?.textContent !== lastEngine && state) announce(state.textContent);
        lastEngine = state?.textContent;
        if (!('overdue' in status)) return;
        fill(upkeep, upkeepFacts(status));
        samples.push({ at: Date.now(), lag: status.overdue === 0 ? 0 : status.overdue_age_ms, attempts: status.attempts_per_second, delivered: status.delivered_per_second });
        while (samples.length > hour / everyMilliseconds) samples.shift();
        fill(plots,
            plot('Lag since this page was opened', samples, [{ name: 'lag', value: each => each.lag, text: length }]));
    }

    /// The figures of the whole outbox are not for keys of a node; the statistics of its tree are.
    function showTree() {
        if (hourly === null) return;
        // The newest step may just have begun.
        const latest = stepsOf(hourly, Date.now())?.slice(-2) ?? [];
        const numbers = of => latest.map(of).filter(value => typeof value === 'number');
        const [lags, rates] = [numbers(each => each.lag.p99), numbers(each => each.delivered)];
        const why = hourly.data === null ? 'There are too many endpoints here to add up.' : 'Nothing was counted in the last hour.';
        const late = Math.max(...lags);
        if (lags.length > 0) behind.show(length(late), '99 in 100 attempts of the last minutes began so late or less.', late > 60_000 ? 'bad' : late > 5000 ? 'warn' : 'good');
        else behind.show(unknown, rates.length > 0 ? 'No attempt was made in the last minutes.' : why);
        if (rates.length > 0) through.show(rate(rates.reduce((sum, each) => sum + each, 0) / rates.length), 'delivered, on average of the last minutes');
        else through.show(unknown, why);
    }

    async function showLastHour() {
        let statistics;
        try {
            statistics = await get('v1/stats?step=5m', signal);
        } catch (error) {
            if (error.name === 'AbortError' || error.status === 401) throw error;
            fill(lastHour, note('warn', h('p', {}, `The last hour is ${unknown}: ${error.message}`)));
            if (!seesAll) for (const each of [behind, through]) each.show(unknown, error.message);
            return;
        }
        hourly = statistics;
        if (!seesAll) showTree();
        const steps = stepsOf(statistics, Date.now());
        if (steps === null) {
            fill(lastHour, h('p', { class: 'dim' }, 'There are too many endpoints here to draw the last hour of all of them; each has its own on its page.'));
            return;
        }
        fill(lastHour,
            plot('Attempts a second in the last hour', steps, [
                { name: 'delivered', value: each => each.delivered, text: rate },
                { name: 'failed', kind: 'bad', value: each => each.failed, text: rate },
                { name: 'exhausted', kind: 'warn', value: each => each.exhausted, text: rate },
            ]),
            plot('How late attempts began in the last hour', steps, percentiles(each => each.lag)),
            plot('How long attempts took in the last hour', steps, percentiles(each => each.latency)));
    }

    async function showTrouble() {
        const [status, off, failed, lanes, retrying] = await Promise.allSettled([
            get('v1/status', signal),
            get(`v1/endpoints${query({ state: ['disabled', 'unverified'], limit: shownLimit })}`, signal),
            exhaustedLately(signal, hourly),
            get(`v1/lanes${query({ limit: 50 })}`, signal),
            retriedNow(signal),
        ]);
        if (signal.aborted) return;
        if (failed.status === 'fulfilled') {
            const { total, isWhole, areAllHere, byEndpoint } = failed.value;
            exhausted.show(isWhole ? count(total) : `${count(total)} or more`, total === 0 ? 'Nothing was given up.' : byEndpoint.size === 0 ? 'See which' : `${counted(byEndpoint.size, 'endpoint')}${areAllHere ? '' : ' or more'}`,
                total === 0 ? 'good' : 'bad', 'deliveries?state=exhausted');
        } else {
            exhausted.show(unknown, failed.reason.message);
        }
        if (status.status === 'rejected' || off.status === 'rejected') {
            trouble.show(unknown, (status.reason ?? off.reason).message);
            return;
        }
        const stopped = new Map((lanes.value?.data ?? []).filter(each => each.stopped > 0).map(each => [each.endpoint, each]));
        const [losing, tried] = [failed.value?.byEndpoint ?? new Map(), retrying.value?.byEndpoint ?? new Map()];
        const rows = await troubledRows(status.value, off.value.data, losing, stopped, tried, signal);
        // Of lanes only those of the first endpoints are looked at.
        const areLanesKnown = lanes.status === 'fulfilled' && lanes.value.next_cursor === null;
        // Each endpoint is counted once.
        const named = new Set([...off.value.data.map(each => each.id), ...stopped.keys(), ...['broken', 'unhealthy', 'throttled'].flatMap(kind => Object.keys(status.value[`${kind}_endpoints`]))]);
        const others = of => [...of.keys()].filter(id => !named.has(id));
        const lost = others(losing);
        for (const id of lost) named.add(id);
        const parts = [...troubleParts(status.value), [stopped.size, 'stopped in order', !areLanesKnown && stopped.size > 0],
            [lost.length, 'that gave deliveries up', !(failed.value?.areAllHere ?? true) && lost.length > 0], [others(tried).length, 'with deliveries to be tried again', !(retrying.value?.areAllHere ?? true)]];
        const total = parts.reduce((sum, [number]) => sum + number, 0);
        const areAllKnown = areLanesKnown && retrying.status === 'fulfilled';
        const words = total === 0 ? areAllKnown ? 'All can be delivered to.' : `Whether there are more is ${unknown}.` : troubleWords(parts);
        trouble.show(atLeast(count(total), !areAllKnown || parts.some(([, , isAtLeast]) => isAtLeast)), words, total > 0 ? 'warn' : areAllKnown ? 'good' : '', 'endpoints');
        if (!isInUse(list)) fill(list, troubleTable(rows, status.value, failed.value?.areAllHere ?? false, areAllKnown && failed.status === 'fulfilled'));
    }

    await Promise.all([follow(signal, everyMilliseconds, showFigures), follow(signal, everyManyMilliseconds, async () => { await showLastHour(); await showTrouble(); })]);
});

/// A figure with its heading and what it means.
function card(heading) {
    const figure = h('p', { class: 'figure' }, unknown);
    const words = h('p', { class: 'dim' }, 'Asking ...');
    return {
        element: h('li', { class: 'card' }, h('h2', {}, heading), figure, words),
        show(value, text, kind = '', target = null) {
            figure.className = `figure ${kind}`;
            fill(figure, value);
            fill(words, target === null ? text : link(target, text));
        },
    };
}

function lag(status) {
    if (status.overdue === 0 && status.arrivals > 0) return [atLeast(counted(status.arrivals, 'event'), status.arrivals_at_least), 'wait for their recipients to be found; an engine does that.', 'warn'];
    if (status.overdue === 0) return ['on time', status.next_retry_at ? ['Next retry ', time(status.next_retry_at)] : 'Nothing waits for a retry.', 'good'];
    const kind = status.overdue_age_ms > 60_000 ? 'bad' : status.overdue_age_ms > 5000 ? 'warn' : '';
    return [length(status.overdue_age_ms), `${atLeast(counted(status.overdue, 'delivery is due', 'deliveries are due'), status.overdue_at_least)}.`, kind];
}

function throughput(status) {
    if (status.engine_pid === null) return [unknown, 'No engine runs, so nothing goes out.', 'bad'];
    if (typeof status.delivered_per_second !== 'number') return [unknown, 'The engine has not said anything in the last 15 seconds; it does so when it has work.'];
    return [rate(status.delivered_per_second), `delivered, of ${rate(status.attempts_per_second)} attempts; ${count(status.in_flight)} on the wire`];
}

/// The steps of the last hour with rates and latencies, each unknown where it was not counted; null when nothing can be said.
function stepsOf(statistics, now) {
    if (statistics.data === null) return null;
    const byStart = new Map(statistics.data.map(each => [Date.parse(each.start), each]));
    const stepLength = statistics.step_seconds * 1000;
    const known = statistics.known_since === null ? Infinity : Date.parse(statistics.known_since);
    const steps = [];
    for (let start = Date.parse(statistics.since); start < Date.parse(statistics.until); start += stepLength) {
        const seconds = (Math.min(now, start + stepLength) - start) / 1000;
        // What has only just begun says nothing yet.
        if (seconds < shortestSeconds) continue;
        const step = byStart.get(start);
        const isKnown = start + stepLength > known;
        const perSecond = value => isKnown ? (value ?? 0) / seconds : null;
        steps.push({
            at: start, delivered: perSecond(step?.delivered), exhausted: perSecond(step?.exhausted),
            failed: perSecond(step && Object.values(step.failed).reduce((sum, value) => sum + value, 0)),
            lag: step?.schedule_lag_ms ?? {}, latency: step?.latency_ms ?? {},
        });
    }
    return steps;
}

/// Lines for the percentiles of something; where nothing was counted they are unknown.
function percentiles(of) {
    return [['p99', 'warn'], ['p90'], ['p50', 'good']].map(([name, kind]) => ({ name, kind, value: each => of(each)[name] ?? null, text: length }));
}

function engineNote(status) {
    if (!('overdue' in status)) return null;
    if (status.engine_problem) return note('bad', h('p', {}, h('strong', {}, 'The engine has a problem'), `: ${status.engine_problem}`));
    if (status.engine_pid === null) return note('bad', h('p', {}, h('strong', {}, 'No engine runs'), '. Start posthorn run; until then nothing is delivered.'));
    return null;
}

/// What is deleted of what has ended, and the newest copy of the outbox.
function upkeepFacts({ retention, last_backup: backup }) {
    if (!retention && !backup && !me.can('admin')) return null;
    const parts = [...retention?.keep ?? [], ...retention?.keep_payloads ? [`data of events ${retention.keep_payloads}`] : []];
    const looked = retention?.last_look_at ? ['; last looked ', timeAndDistance(retention.last_look_at)] : null;
    return h('section', {}, h('h2', {}, 'Upkeep'), facts([
        ['Retention', retention ? parts.length > 0 ? [parts.join(', '), looked] : 'the engine deletes nothing' : unknown],
        ['Last backup', [backup ? [timeAndDistance(backup.taken_at), `, ${counted(backup.events, 'event')}`] : 'none is known', me.can('admin') && [' · ', link('backups', 'Backups')]]],
    ]));
}

/// What waits for limits of many endpoints.
function limitNote(status) {
    const limits = status.binding_limits ?? [];
    if (limits.length === 0) return null;
    const words = limits.slice(0, shownLimit).map(each => `${limitName(each.node)} (${limitWords(each)}; ${counted(each.waiting_endpoints, 'endpoint waits', 'endpoints wait')})`);
    return note('warn', h('p', {}, h('strong', {}, 'Deliveries wait for limits'), `: ${words.join(', ')}`));
}

/// How many endpoints have each trouble, and whether there may be more.
function troubleParts(status) {
    return [
        [status.broken_count, 'broken', status.broken_at_least], [status.endpoints.disabled ?? 0, 'disabled'],
        [status.endpoints.unverified ?? 0, 'unverified'], [status.suspended_count, 'suspended', status.unhealthy_at_least],
        [status.throttled_count, 'throttled', status.throttled_at_least], [status.failing_count, 'failing', status.unhealthy_at_least],
    ];
}

function troubleWords(parts) {
    return parts.filter(([number]) => number > 0).map(([number, word, isAtLeast]) => `${atLeast(count(number), isAtLeast)} ${word}`).join(', ');
}

/// What was given up in the last hour, looked for among the newest exhausted deliveries. Where those are not all, the statistics know how many.
async function exhaustedLately(signal, statistics) {
    const since = Date.now() - hour;
    const { data, next_cursor: next } = await get(`v1/deliveries${query({ state: 'exhausted', limit: searchLimit })}`, signal);
    const lately = data.filter(each => Date.parse(each.finished_at) >= since);
    const isKnown = statistics?.total && statistics.known_since !== null && Date.parse(statistics.known_since) <= Date.parse(statistics.since);
    const counted = next !== null && isKnown ? statistics.total.exhausted : null;
    return { total: Math.max(lately.length, counted ?? 0), isWhole: next === null || counted !== null, areAllHere: next === null, byEndpoint: byEndpoint(lately) };
}

function byEndpoint(deliveries) {
    const groups = new Map();
    for (const each of deliveries) groups.set(each.endpoint, [...groups.get(each.endpoint) ?? [], each]);
    return groups;
}

/// Deliveries of which an attempt has failed and that are tried again, as far as they are next.
async function retriedNow(signal) {
    const { data, next_cursor: next } = await get(`v1/deliveries${query({ state: 'pending', attempts_min: 1, order: 'next_attempt', limit: searchLimit })}`, signal);
    return { areAllHere: next === null, byEndpoint: byEndpoint(data) };
}

/// Endpoints by trouble: broken ones, those that lose deliveries, those that hold them, those that must wait, those that are tried again.
async function troubledRows(status, off, failed, stopped, tried, signal) {
    const known = new Map(off.map(each => [each.id, each]));
    const others = ['broken', 'unhealthy', 'throttled'].flatMap(kind => Object.keys(status[`${kind}_endpoints`]));
    others.splice(Object.keys(status.broken_endpoints).length, 0, ...stopped.keys(), ...failed.keys());
    others.push(...tried.keys());
    const missing = [...new Set(others)].filter(id => !known.has(id)).slice(0, shownLimit);
    const found = await Promise.allSettled(missing.map(id => get(`v1/endpoints/${encodeURIComponent(id)}`, signal)));
    for (const each of found) if (each.status === 'fulfilled') known.set(each.value.id, each.value);
    const weight = each => (each.broken ? 16 : 0) + (each.unhealthy?.health === 'suspended' ? 8 : 0) + (stopped.has(each.id) ? 6 : failed.has(each.id) ? 4 : 0) + (each.state !== 'active' ? 2 : 0) + (tried.has(each.id) ? 1 : 0);
    return [...known.values()].sort((a, b) => weight(b) - weight(a) || a.id.localeCompare(b.id)).slice(0, shownLimit)
        .map(endpoint => ({ endpoint, failed: failed.get(endpoint.id) ?? [], tried: tried.get(endpoint.id) ?? [], lanes: stopped.get(endpoint.id) }));
}

function troubleTable(rows, status, areAllHere, isCertain) {
    if (rows.length === 0) {
        const active = status.endpoints.active ?? 0;
        if (active > 0) return h('p', { class: 'dim' }, `No trouble${isCertain ? '' : ' is known'}: ${counted(active, 'endpoint is', 'endpoints are')} active.`);
        return [h('h2', {}, 'Nothing here yet'), h('p', {}, 'There is no endpoint. ', me.can('endpoints') ? link('new-endpoint', 'Make the first one') : 'Those who run Posthorn make them',
            ', or apply a topology file: posthorn apply topology.json')];
    }
    return [h('h2', {}, 'Endpoints by trouble'), table('Those that lose or hold deliveries come first', [
        ['Endpoint', ({ endpoint }) => link(`endpoints/${encodeURIComponent(endpoint.id)}`, endpoint.id)],
        ['Node', ({ endpoint }) => endpoint.node],
        ['State', ({ endpoint, failed, lanes }) => endpointState(endpoint, lanes ? 'stopped' : failed.length > 0 && 'losing')],
        ['Why', row => why(row), 'words'],
        ['Exhausted in the last hour', row => row.failed.length === 0 ? areAllHere ? '0' : unknown
            : link(`deliveries${query({ state: 'exhausted', endpoint: row.endpoint.id })}`, `${count(row.failed.length)}${areAllHere ? '' : ' or more'}`), 'number'],
    ], rows)];
}

function why({ endpoint, failed, tried, lanes }) {
    const trouble = [lanes && stoppedLanes(lanes), endpointTrouble(endpoint)?.text].filter(each => each).join('; ');
    if (trouble) return trouble;
    const last = failed[0] ?? tried[0];
    const again = tried.length > 0 && failed.length === 0 ? ', and is tried again' : '';
    return last ? `newest failure: ${last.error_text ?? last.error ?? unknown}${again}` : '';
}
