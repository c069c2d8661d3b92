// Lines over time, drawn by hand. A value that could not be had is a gap in the line, never a 0.

import { h } from './dom.js';

const width = 600;
const height = 100;

/// Draws samples that have `at` in milliseconds.
/// - `lines`: each with a `name`, a `value` of a sample (null for unknown), a `text` of a value, and a `kind` for its colour.
/// - `top`: what the upper edge means, if it is not the greatest value.
export function plot(title, samples, lines, top = null) {
    const first = samples[0]?.at ?? 0;
    const span = Math.max(1, (samples.at(-1)?.at ?? 1) - first);
    const values = lines.flatMap(line => samples.map(line.value)).filter(value => typeof value === 'number');
    const most = top ?? Math.max(...values, 0);
    const legend = lines.map(line => {
        const now = samples.length === 0 ? null : line.value(samples.at(-1));
        return `${line.name} ${line.text(now)}`;
    }).join(', ');
    const words = `Now ${legend}; at most ${lines[0].text(values.length === 0 ? null : Math.max(...values))}`;
    return h('figure', { class: 'card', role: 'group', 'aria-label': title },
        h('figcaption', {}, h('strong', {}, title), h('br'), h('span', { class: 'dim' }, words)),
        h('svg', { class: 'plot', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
            h('line', { x1: 0, y1: height, x2: width, y2: height }),
            lines.map(line => h('path', { class: line.kind, d: curve(samples, line.value, first, span, most) }))));
}

/// The line of one value, broken where it is not known.
function curve(samples, value, first, span, most) {
    let text = '';
    let isDrawing = false;
    for (const [i, sample] of samples.entries()) {
        const now = value(sample);
        if (typeof now !== 'number') { isDrawing = false; continue; }
        const x = (sample.at - first) / span * width;
        const y = most === 0 ? height : height - now / most * height;
        text += `${isDrawing ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
        // Between two gaps it would be a line without a length.
        const next = samples[i + 1];
        if (!isDrawing && (next === undefined || typeof value(next) !== 'number')) text += 'h3';
        isDrawing = true;
    }
    return text;
}
