// One endpoint: how it is, what waits for it, its settings, and what can be done to it.

import { h, fill, announce, button, confirm, copyButton, dialog, facts, makeID, note, table } from './dom.js';
import { ask, get, path, post, query, me } from './api.js';
import { page, link, go, problemNote } from './router.js';
import { atLeast, count, counted, deliveryState, endpointState, endpointTrouble, advice, length, limitWords, outcome, isSuspended, pretty, stoppedLanes, time, timeAndDistance, unknown } from './words.js';
import { endpointForm } from './endpoint-form.js';
import { past } from './past.js';
import { follow, isInUse } from './refresh.js';

const everyMilliseconds = 5000;

page('endpoints/:id', async context => {
    const { values, main, signal } = context;
    const target = path`v1/endpoints/${values.id}`;
    const [head, message, waiting, recent, settings] = Array.from({ length: 5 }, () => h('div', {}));
    const did = past(target, signal);
    message.setAttribute('role', 'status');
    let [shown, hasMoreNodes, form] = [undefined, false, null];
    const first = await ask('GET', target, { signal });
    fill(main, context.title(`Endpoint ${first.body.id}`), head, message, waiting, recent, did.element, settings);

    async function show() {
        const endpoint = await get(target, signal);
        const deliveries = await get(`v1/deliveries${query({ endpoint: endpoint.id, limit: 10 })}`, signal);
        const lanes = endpoint.order ? await get(`${target}/lanes`, signal) : null;
        const key = JSON.stringify([endpoint, deliveries.data, lanes]);
        if (key === shown || (shown && (isInUse(head) || isInUse(recent)))) return;
        shown = key;
        fill(head, headOf(endpoint, lanes, actions(endpoint)));
        fill(waiting, lanes && lanesOf(lanes));
        fill(recent, h('h2', {}, 'Newest deliveries'), recentOf(endpoint, deliveries.data));
    }
    const again = async () => { shown = null; await show(); };
    const tell = (kind, ...words) => { fill(message, note(kind, words)); announce(message.textContent); };
    const attempt = async action => { try { await action(); } catch (error) { fill(message, problemNote(error)); } };

    function actions(endpoint) {
        if (!me.can('endpoints')) return [];
        return [
            button('Send a test', () => attempt(() => test(endpoint, message))),
            endpoint.state === 'disabled'
                ? button('Enable', () => attempt(async () => { await post(`${target}/enable`); tell('good', 'Enabled. What is held goes out.'); await again(); }), 'first')
                : button('Disable', () => attempt(async () => { if (await disable(endpoint, target)) { tell('good', 'Disabled. Its deliveries are held.'); await again(); } })),
            mustVerify.has(endpoint.vendor ?? endpoint.signature) && button('Verify the URL', () => attempt(async () => {
                tell('', 'Asking the receiver ...');
                const result = await post(`${target}/verify`);
                tell(result.state === 'active' ? 'good' : 'bad', result.reason ?? `The endpoint is ${result.state}.`);
                await again();
            })),
            hasSecret(endpoint) && button('Rotate the secret', () => attempt(() => rotate(endpoint, target, async () => {
                // The reader's own act is no change of another's: what they have typed can still be saved.
                if (form) form.tag = (await ask('GET', target, { signal })).tag;
                await again();
            }))),
            button('Remove', () => attempt(async () => { if (await remove(endpoint, target)) go('endpoints'); }), 'danger'),
        ];
    }

    function showSettings(endpoint, tag, nodes) {
        form = {
            isNew: false, nodes, hasMoreNodes, tag, verb: 'Save',
            // What was said of an earlier change is not true of this one.
            begin: () => fill(message),
            done: async (changed, newTag) => {
                const moved = changed.url !== endpoint.url;
                showSettings(changed, newTag, nodes);
                tell('good', 'Saved. ', moved && ['Deliveries that were accepted before keep their old URL; ',
                    link(`deliveries${query({ state: ['pending', 'held', 'exhausted'], endpoint: changed.id })}`, 'choose them and retry them at the present URL'), '.']);
                message.scrollIntoView({ block: 'center' });
                await again();
            },
        };
        fill(settings, h('h2', {}, 'Settings'), endpointForm(endpoint, form));
    }
    if (me.can('endpoints')) {
        const { data: nodes, next_cursor: more } = await get('v1/nodes?limit=250', signal);
        hasMoreNodes = more !== null;
        showSettings(first.body, first.tag, nodes);
    }
    await Promise.all([follow(signal, everyMilliseconds, show), did.follow()]);
});

/// Formats whose vendor wants the URL to prove itself.
const mustVerify = new Set(['diio']);

function hasSecret(endpoint) { return isOfFile(endpoint) ? secretsOfFile(endpoint).length > 0 : endpoint.vendor !== 'weseedo' && (endpoint.vendor !== undefined || (endpoint.signature ?? 'none') !== 'none'); }

/// The names that a vendor's file gives its keys; none for an endpoint without such a file.
function secretsOfFile(endpoint) {
    if (!isOfFile(endpoint)) return [];
    const usual = each => each.key === undefined && /^(ecdsa|rsa|ed25519|jwt-[er]s)/.test(each.algorithm) ? 'private_key' : 'secret';
    return [...new Set((endpoint.vendor['x-webhook-sender']?.signatures ?? []).map(each => each.key?.name ?? usual(each)))].sort();
}

/// Whether its format is said by a vendor's file, which is an object.
function isOfFile(endpoint) { return typeof endpoint.vendor === 'object' && endpoint.vendor !== null; }

function headOf(endpoint, lanes, actions) {
    const trouble = endpointTrouble(endpoint);
    return [
        trouble && note(trouble.kind, h('p', {}, h('strong', {}, `It is ${trouble.word}`), `: ${trouble.text}`)),
        facts([
            ['State', endpointState(endpoint, lanes?.stopped > 0 && 'stopped in order')],
            ['URL', h('code', {}, endpoint.url)],
            ['Node', link(`nodes/${encodeURIComponent(endpoint.node)}`, endpoint.node)],
            ['Format', isOfFile(endpoint) ? `of a vendor's file: ${endpoint.vendor.info?.title ?? 'vendor'}` : endpoint.vendor ?? `${endpoint.envelope}, signature ${endpoint.signature ?? 'none'}`],
            ...me.can('endpoints') ? [] : [
                ['Event types', (endpoint.events ?? []).length === 0 ? 'all' : endpoint.events.join(', ')],
                ['Its limits', limitWords(endpoint)],
                ['Attempts', endpoint.retry?.join(', ')],
            ],
            ['In order', orderWords(endpoint)],
            ['Failing since', timeAndDistance(endpoint.unhealthy?.failing_since)],
            ['Disabled if nothing succeeds until', timeAndDistance(endpoint.unhealthy?.disables_at)],
            [`${upper(endpoint.unhealthy?.health ?? '')} since`, endpoint.unhealthy && endpoint.unhealthy.health !== 'failing' ? timeAndDistance(endpoint.unhealthy.health_since) : null],
            ['Next probe', timeAndDistance(endpoint.unhealthy?.next_probe_at)],
            ['Its receiver asked to be left alone until', isSuspended(endpoint) ? null : timeAndDistance(endpoint.throttled_until)],
        ]),
        actions.length > 0 && h('div', { class: 'actions' }, actions),
        me.can('retry') && h('p', {}, link(`replays${query({ endpoint: endpoint.id })}`, 'Replay events of the past to it')),
        h('p', {}, 'Deliveries: ', [['pending', { state: 'pending' }], ['retrying', { state: 'pending', attempts_min: 1 }], [endpoint.held > 0 ? `${atLeast(count(endpoint.held), endpoint.held_at_least)} held` : 'held', { state: 'held' }], ['exhausted', { state: 'exhausted' }], ['delivered', { state: 'delivered' }]]
            .map(([word, filter], i) => [i > 0 && ', ', link(`deliveries${query({ endpoint: endpoint.id, ...filter })}`, word)])),
    ];
}

/// What waits in order, and what stops it.
function lanesOf(lanes) {
    if (lanes.lanes === 0 && !lanes.at_least) return [h('h2', {}, 'In order'), h('p', { class: 'dim' }, 'Nothing waits in order.')];
    // Very long lanes are not counted to their end.
    const least = lanes.at_least ? 'at least ' : '';
    return [
        h('h2', {}, 'In order'),
        lanes.stopped > 0
            ? note('bad', h('p', {}, `${upper(stoppedLanes(lanes))}. Retry, skip or cancel that delivery to let them go on.`))
            : h('p', {}, `${upper(least)}${counted(lanes.waiting, 'delivery waits', 'deliveries wait')} for one before it in ${least}${counted(lanes.lanes, 'lane')}.`),
        lanes.heads.length > 0 && table('Stopped ones first, then those in which most waits', [
            ['First', lane => link(`deliveries/${lane.delivery}`, lane.delivery)], ['State', lane => deliveryState(lane)], ['Node', lane => lane.node],
            ['Event', lane => link(`events/${encodeURIComponent(lane.event)}`, lane.event)], ['Behind it', lane => `${lane.at_least ? 'at least ' : ''}${count(lane.waiting)}`, 'number'], ['Since', lane => timeAndDistance(lane.since)],
        ], lanes.heads),
    ];
}

/// Which of its deliveries go out one after the other, if any do.
function orderWords({ order, on_exhausted: exhausted }) {
    if (!order) return null;
    const which = order === 'endpoint' ? 'all its deliveries' : order === 'node' ? 'those of each node' : `those with the same ${order.key}`;
    return `${which}, one at a time; one that is exhausted ${exhausted === 'skip' ? 'is passed' : 'stops those behind it'}`;
}

function upper(text) { return text.slice(0, 1).toUpperCase() + text.slice(1); }

function recentOf(endpoint, rows) {
    if (rows.length === 0) return h('p', {}, 'It has got nothing yet. ', me.can('endpoints') && 'Send a test to see whether its receiver answers.');
    const failed = rows.find(row => row.error);
    const [meaning, remedy] = failed ? advice(failed) : [];
    return [
        failed && meaning && note('warn', h('p', {}, h('strong', {}, 'Newest failure'), `: ${failed.error_text ?? failed.error} (`, link(`deliveries/${failed.id}`, `delivery ${failed.id}`), ')'), h('p', {}, `${meaning} ${remedy}`)),
        table('Newest first', [
            ['Delivery', row => link(`deliveries/${row.id}`, row.id)], ['Type', row => row.type], ['State', row => deliveryState(row)],
            ['Attempts', row => count(row.attempts), 'number'], ['Newest result', outcome, 'words'], ['Happened', row => time(row.created)],
        ], rows),
    ];
}

async function test(endpoint, message) {
    fill(message, note('', 'Sending a sample event ...'));
    const result = await post(path`v1/endpoints/${endpoint.id}/test`);
    const isGood = result.status !== null && !result.error;
    const [meaning, remedy] = advice(result);
    fill(message, note(isGood ? 'good' : 'bad',
        h('p', {}, h('strong', {}, isGood ? 'The receiver took the sample' : 'The receiver did not take the sample'), `: ${outcome(result) || unknown}, in ${length(result.duration_ms)}`),
        meaning && h('p', {}, `${meaning} ${remedy}`),
        h('details', {}, h('summary', {}, 'What was sent, and the answer'),
            h('p', {}, h('code', {}, `${result.method} ${result.url}`)),
            table('Headers', [['Name', each => each.name], ['Value', each => h('code', {}, each.value)]], result.headers),
            result.body !== null && [h('h3', {}, 'Body'), h('pre', { tabindex: '0' }, pretty(result.body))],
            result.response !== null && [h('h3', {}, 'Answer'), h('pre', { tabindex: '0' }, pretty(result.response))])));
    announce(isGood ? 'The receiver took the sample' : 'The receiver did not take the sample');
}

function disable(endpoint, target) {
    const id = makeID('reason');
    return dialog(`Disable ${endpoint.id}?`, close => {
        const field = h('input', { id, maxlength: 256 });
        return h('form', { onsubmit: async event => { event.preventDefault(); await post(`${target}/disable`, field.value.trim() === '' ? {} : { reason: field.value.trim() }); close(true); } },
            h('p', {}, 'Nothing is sent to it from now on. Its deliveries are held and go out when it is enabled again.'),
            h('label', { for: id }, 'Reason, for those who look later'), field,
            h('div', { class: 'actions' }, h('button', { class: 'danger' }, 'Disable'), h('button', { type: 'button', onclick: () => close(false) }, 'Keep it as it is')));
    });
}

async function rotate(endpoint, target, again) {
    const id = makeID('secret');
    const names = secretsOfFile(endpoint);
    const which = names.length > 1 ? h('select', { id: makeID('name') }, names.map(name => h('option', { value: name }, name))) : null;
    const result = await dialog(`Rotate the secret of ${endpoint.id}`, close => {
        const field = h('input', { id, type: 'password', autocomplete: 'off', spellcheck: 'false' });
        const fault = h('div', { role: 'alert' });
        return h('form', { onsubmit: async event => {
            event.preventDefault();
            try { close(await post(`${target}/rotate`, { ...(which ? { name: which.value } : {}), ...(field.value === '' ? {} : { secret: field.value }) })); } catch (error) { fill(fault, problemNote(error)); }
        } },
        h('p', {}, 'From now on requests are signed with the new secret. Where the format allows two, the old one signs for another 24 hours, so that the receiver can change over; otherwise give the receiver the new one at once.'),
        which && [h('label', { for: which.id }, 'Which secret'), which],
        h('label', { for: id }, 'New secret'),
        h('p', { class: 'hint' }, me.can('secrets') ? 'One is made when this is left empty.' : 'This key may not see a made one, so give one.'), field, fault,
        h('div', { class: 'actions' }, h('button', { class: 'first' }, 'Rotate'), h('button', { type: 'button', onclick: () => close() }, 'Keep the old one')));
    });
    if (!result) return;
    await again();
    const once = result.secret ?? result.public_key;
    await dialog('The secret is rotated', close => [
        once && [h('p', {}, result.secret ? 'This is the new secret. It is shown this once:' : 'This is the public key for the receiver:'), h('pre', { tabindex: '0' }, once), copyButton('Copy it', once)],
        h('p', {}, result.replaced_signs_until ? ['The replaced one signs too until ', time(result.replaced_signs_until), '.'] : 'The replaced one does not sign any more.'),
        h('div', { class: 'actions' }, h('button', { type: 'button', class: 'first', onclick: () => close() }, 'Done')),
    ], Boolean(once));
}

async function remove(endpoint, target) {
    if (!await confirm(`Remove ${endpoint.id}?`, ['It gets no more events. What was delivered stays listed.', 'If deliveries wait for it, you are asked again.'], 'Remove', true)) return false;
    try {
        await ask('DELETE', target);
    } catch (error) {
        if (error.kind !== 'conflict') throw error;
        if (!await confirm('Deliveries wait for it', [`${error.message}`, 'They would be cancelled, for good.'], 'Cancel them and remove it', true)) return false;
        await ask('DELETE', `${target}?waiting=cancel`);
    }
    return true;
}
