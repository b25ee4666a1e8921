import { Graphviz } from '@hpcc-js/wasm-graphviz';
import type { AnyStateMachine } from 'xstate';
import { MEASURED_FONT, toDot } from './dot.ts';

/** Letters are drawn smaller than they were measured: a reader's font may be wider than ours. */
const SLACK = 0.93;

/**
 * The machine as a picture. It brings its own background, so that it can be read on a light and on a dark page, and
 * asks for no font that a computer may lack. The same bytes for the same machine: the release of Graphviz is pinned,
 * and what it says of itself is left out.
 */
export async function toSvg(machine: AnyStateMachine): Promise<string> {
  const graphviz = await Graphviz.load();
  const drawn = graphviz.layout(toDot(machine), 'svg', 'dot');
  const title = `<title>The ${machine.id} machine</title>`;
  const picture = flowing(drawn.slice(drawn.indexOf('<svg')))
    .replace(/<!--[\s\S]*?-->\n?/g, '')
    .replace(/<title>[^<]*<\/title>\n?/g, '')
    .replace(/(<svg[^>]*>)/, `$1\n${title}`)
    .replaceAll(`font-family="${MEASURED_FONT},sans-Serif"`, 'font-family="Helvetica,Arial,sans-serif"')
    .replace(/font-size="([\d.]+)"/g, (_, size) => `font-size="${(Number(size) * SLACK).toFixed(2)}"`);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<!-- Generated from machines/${machine.id}.ts by npm run diagrams; do not edit. -->`,
    `${picture.trimEnd()}\n`,
  ].join('\n');
}

const TEXT =
  /<text xml:space="preserve" text-anchor="start" x="([-\d.]+)" y="([-\d.]+)" ([^>]*)>([^<]*)<\/text>\n?/g;

/**
 * Pieces of one line that look different become one text, so that each begins where the one before really ends: the
 * reader's letters may be a little wider than the measured ones.
 */
function flowing(svg: string): string {
  return svg.replace(new RegExp(`(?:${TEXT.source})+`, 'g'), (run) => {
    const result: string[] = [];
    let [open, lastY] = ['', ''];
    for (const [, x, y, look, text] of run.matchAll(TEXT)) {
      const piece = `<tspan ${look}>${text}</tspan>`;
      if (y === lastY) open += piece;
      else {
        if (open !== '') result.push(`${open}</text>`);
        open = `<text xml:space="preserve" x="${x}" y="${y}">${piece}`;
        lastY = y ?? '';
      }
    }
    return `${[...result, `${open}</text>`].join('\n')}\n`;
  });
}
