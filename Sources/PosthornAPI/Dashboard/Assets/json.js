// JSON as text. What was sent is shown as it was written: JSON.parse rounds long numbers, forgets how a number was written, and moves keys
// that look like numbers to the front.

/// Where each token of a JSON text begins and ends.
function* tokens(text) {
    let start = 0;
    while (start < text.length) {
        const kind = text[start];
        let end = start + 1;
        if (' \t\r\n'.includes(kind)) { start = end; continue; }
        if (kind === '"') {
            while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
            end += 1;
        } else if (!'{}[],:'.includes(kind)) {
            while (end < text.length && !'{}[],:" \t\r\n'.includes(text[end])) end += 1;
        }
        yield [start, end];
        start = end;
    }
}

/// A JSON text with a line for each member and element.
export function laidOut(text) {
    const parts = [];
    let depth = 0;
    let previous = '';
    const breakLine = () => parts.push('\n', '  '.repeat(depth));
    for (const [start, end] of tokens(text)) {
        const token = text.slice(start, end);
        const isFirst = previous === '{' || previous === '[';
        if (token === '}' || token === ']') {
            depth -= 1;
            if (!isFirst) breakLine();
        } else if (isFirst || previous === ',') {
            breakLine();
        }
        parts.push(token === ':' ? ': ' : token);
        if (token === '{' || token === '[') depth += 1;
        previous = token;
    }
    return parts.join('');
}

/// The text of a member of the object that a JSON text is; `null` where it has none of that name.
export function member(text, name) {
    let depth = 0;
    let key = null;
    let from = null;
    for (const [start, end] of tokens(text)) {
        const kind = text[start];
        if (kind === '}' || kind === ']') depth -= 1;
        if (from !== null && (depth === 0 || (depth === 1 && kind === ','))) return text.slice(from, start);
        if (depth === 1) {
            if (kind === ',') key = null;
            else if (kind === ':') from = JSON.parse(key) === name ? end : null;
            else key ??= text.slice(start, end);
        }
        if (kind === '{' || kind === '[') depth += 1;
    }
    return null;
}
