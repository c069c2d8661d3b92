// A key is all that is needed. It stays in this tab's memory, and is sent to this server alone.

import { h, fill, note, makeID } from './dom.js';
import { get, key } from './api.js';

/// Asks for a key.
/// - `problem`: why the reader is here, if there is a reason.
/// - `done`: called with what the key opens.
export function signIn(problem, done) {
    document.title = 'Sign in - Posthorn';
    const id = makeID('key');
    const message = h('div', { role: 'alert' });
    const field = h('input', { id, type: 'password', autocomplete: 'current-password', required: true, spellcheck: 'false', 'aria-describedby': `${id}-hint` });
    const show = error => fill(message, note('bad', h('p', {}, error.status === 401 ? error.kind === 'session-ended' ? `Your visit is over: ${error.message}. Ask for a new link where you got the last one.` : `This does not let you in: ${error.message}.` : error.message)));
    async function submit(event) {
        event.preventDefault();
        key.set(field.value.trim());
        try {
            const access = await get('v1/whoami', undefined, true);
            done(access);
        } catch (error) {
            key.clear();
            show(error);
            field.setAttribute('aria-invalid', 'true');
            field.focus();
        }
    }
    fill(document.getElementById('main'),
        h('h1', { tabindex: '-1' }, 'Sign in'),
        message,
        h('form', { class: 'settings', onsubmit: submit },
            h('div', {},
                h('label', { for: id }, 'API key'),
                h('p', { class: 'hint', id: `${id}-hint` }, 'It begins with phk_. It is kept until this tab is closed.'),
                field),
            h('div', { class: 'actions' }, h('button', { class: 'first' }, 'Sign in'))),
        h('h2', {}, 'No key yet?'),
        h('p', {}, 'Make one on the server. This one sees and does everything:'),
        h('pre', { tabindex: '0' }, 'posthorn key create --name me --can admin'),
        h('p', {}, 'This one sees node c1 and all below it, and can mend what is there:'),
        h('pre', { tabindex: '0' }, 'posthorn key create --node c1 --can read,retry,endpoints'));
    if (problem) show(problem);
    field.focus();
}
