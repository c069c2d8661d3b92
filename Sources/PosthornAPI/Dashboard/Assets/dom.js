// Elements are made of text and properties alone: nothing here reads markup, so what receivers and tenants write stays text.

const svgTags = new Set(['svg', 'path', 'line', 'title']);

/// An element. Properties that begin with `on` are listeners, `true` is an attribute without a value, and false or null is none at all.
export function h(tag, properties, ...children) {
    const isDrawn = svgTags.has(tag);
    const element = isDrawn ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(properties ?? {})) {
        if (value === null || value === undefined || value === false) continue;
        if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
        else if (name === 'value' && !isDrawn) element.value = value;
        else element.setAttribute(name, value === true ? '' : String(value));
    }
    fill(element, children);
    return element;
}

/// Replaces what an element holds.
export function fill(element, ...children) {
    element.replaceChildren();
    for (const child of children.flat(Infinity)) {
        if (child === null || child === undefined || child === false) continue;
        element.append(child instanceof Node ? child : String(child));
    }
    return element;
}

let lastID = 0;

/// An id for an element that another one names.
export function makeID(word) {
    lastID += 1;
    return `${word}-${lastID}`;
}

/// Says something to readers of the screen, once.
export function announce(text) {
    const live = document.getElementById('live');
    if (live.textContent !== text) live.textContent = text;
}

/// Asks before something is done that cannot be undone, or shows something that must be closed. Resolves to what `close` is given, and to
/// `undefined` when it is dismissed.
export function dialog(title, build, isOnce = false) {
    return new Promise(resolve => {
        const heading = makeID('dialog');
        let result;
        const element = h('dialog', { 'aria-labelledby': heading });
        const close = value => { result = value; element.close(); };
        fill(element, h('h2', { id: heading }, title), build(close));
        // What is shown once is closed by its button alone.
        if (isOnce) element.addEventListener('cancel', event => event.preventDefault());
        element.addEventListener('close', () => { element.remove(); resolve(result); });
        document.body.append(element);
        element.showModal();
    });
}

/// A yes or no about something with consequences, which `lines` say.
export function confirm(title, lines, verb, isDangerous = false) {
    return dialog(title, close => [
        lines.map(line => h('p', {}, line)),
        h('div', { class: 'actions' },
            h('button', { type: 'button', class: isDangerous ? 'danger' : 'first', onclick: () => close(true) }, verb),
            h('button', { type: 'button', onclick: () => close(false), autofocus: true }, 'Change nothing')),
    ]);
}

/// A button.
export function button(text, onclick, kind) { return h('button', { type: 'button', class: kind, onclick }, text); }

/// A table in a box that scrolls sideways on small screens. A column is `[heading, cell of a row, class]`; the first one heads its row.
export function table(caption, columns, rows) {
    const id = makeID('table');
    return h('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-labelledby': id },
        h('table', {},
            h('caption', { id }, caption),
            h('thead', {}, h('tr', {}, columns.map(([heading, , kind]) => h('th', { scope: 'col', class: kind }, heading)))),
            h('tbody', {}, rows.map(row => tableRow(columns, row)))));
}

/// A row of such a table.
export function tableRow(columns, row) {
    return h('tr', {}, columns.map(([, cell, kind], i) =>
        i === 0 ? h('th', { scope: 'row', class: kind }, cell(row)) : h('td', { class: kind }, cell(row))));
}

/// Names and values under each other; what is null is left out.
export function facts(pairs) {
    return h('dl', { class: 'facts' }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== '' && value.length !== 0)
        .map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
}

/// A message in a box: `bad`, `warn`, `good` or plain.
export function note(kind, ...children) { return h('div', { class: `note ${kind}` }, children); }

/// Said in place of what this reader may not see.
export function hidden(what) { return h('p', { class: 'dim' }, `${what} hidden: it takes the right read, and a server that does not hide it.`); }

/// A button that copies a text.
export function copyButton(words, text) {
    return button(words, async event => {
        const target = event.currentTarget;
        try {
            await navigator.clipboard.writeText(typeof text === 'function' ? text() : text);
            target.textContent = 'Copied';
            announce('Copied');
        } catch {
            target.textContent = 'Select the text and copy it by hand';
        }
    });
}
