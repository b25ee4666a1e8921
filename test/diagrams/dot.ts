import type { AnyStateMachine } from 'xstate';
import { initialOf, type Leaf, leavesOf, type Row, rowsOf } from './walk.ts';

/** Graphviz knows how wide the letters of this one are. */
export const MEASURED_FONT = 'Helvetica';

/**
 * The machine for Graphviz: a box for each state with what it means and its tags. What stays in a state stands inside
 * its box. What is settled is set apart, and its box tells the ways into it; what several states do alike is drawn
 * once, from a dashed box that names them.
 */
export function toDot(machine: AnyStateMachine): string {
  const leaves = leavesOf(machine);
  const rows = rowsOf(machine).filter(isDrawn);
  const settled = leaves.filter(isSettled);
  const alive = leaves.filter((leaf) => !isSettled(leaf));
  const moves = rows.filter(({ to }) => !settled.some(({ name }) => name === to));
  const { own, shared } = split(moves, initialOf(machine));
  const looks: Looks = new Map(leaves.map((leaf) => [leaf.name, lookOf(leaf, rows)]));
  const inBox = (leaf: Leaf): string => card(leaf, looks, labelled(own.filter(staysIn(leaf.name))));
  return [
    `digraph ${machine.id} {`,
    `  graph [compound=true bgcolor="#fbfaf7" pad=0.35 nodesep=0.5 ranksep=0.55 fontname=${MEASURED_FONT}]`,
    `  node [shape=plain fontname=${MEASURED_FONT} fontcolor="#1f2328"]`,
    `  edge [fontname=${MEASURED_FONT} fontsize=10 fontcolor="#3b4148" color="#8a9099" arrowsize=0.7 penwidth=1.1]`,
    '  begin [shape=circle label="" width=0.16 style=filled fillcolor="#1f2328" color="#1f2328"]',
    `  begin -> ${idOf(initialOf(machine))}`,
    // Drawn only where arrows leave it.
    '  subgraph cluster_alive {',
    `    style=${settled.length > 0 ? '"rounded,dashed"' : 'invis'} color="#c9ced4" margin=16`,
    ...alive.map((leaf) => `  ${idOf(leaf.name)} [label=<${inBox(leaf)}>]`),
    '  }',
    ...alive.flatMap(({ name }) => arrows(name, own, looks)),
    ...shared.flatMap((group, index) => sharedBox(group, `shared${index}`, looks)),
    ...settled.map(
      (leaf) => `  ${idOf(leaf.name)} [label=<${card(leaf, looks, waysInto(leaf, rows, leaves))}>]`,
    ),
    ...setApart(alive, settled),
    '}',
    '',
  ].join('\n');
}

/** One dashed arrow to each settled state for all the ways into it; they stand in its box. */
function setApart(alive: readonly Leaf[], settled: readonly Leaf[]): readonly string[] {
  const last = idOf(alive.at(-1)?.name ?? '');
  return settled.map(
    ({ name }) =>
      `  ${last} -> ${idOf(name)} [ltail=cluster_alive style=dashed color="#7b828a" minlen=2 weight=0]`,
  );
}

/** Rows that several states have alike. */
interface Shared {
  readonly sources: readonly string[];
  readonly rows: readonly Row[];
}

const keyOf = ({ event, guard, to, effects }: Row): string => JSON.stringify([event, guard, to, effects]);
const isSettled = ({ tags }: Leaf): boolean => tags.includes('settled');

/** Rows that the same states have, by these states; states in the order of the machine. */
function alike(rows: readonly Row[]): readonly Shared[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const sources = rows.filter((other) => keyOf(other) === keyOf(row)).map(({ from }) => from);
    if (sources[0] === row.from) groups.set(sources.join(), [...(groups.get(sources.join()) ?? []), row]);
  }
  return [...groups].map(([key, same]) => ({ sources: key.split(','), rows: same }));
}

/** Fewer arrows than these are easier to follow than a box that stands for them. */
const MANY = 6;

interface Split {
  readonly own: readonly Row[];
  readonly shared: readonly Shared[];
}

/** Ways back to the beginning cross the whole picture, so that these are never single arrows. */
function split(rows: readonly Row[], initial: string): Split {
  const shared = alike(rows).filter(({ sources, rows: same }) => {
    const goesBack = same.some(({ to }) => to === initial);
    return sources.length > 2 && (goesBack || sources.length * same.length >= MANY);
  });
  const told = new Set(shared.flatMap((group) => group.rows.map(keyOf)));
  return { own: rows.filter((row) => !told.has(keyOf(row))), shared };
}

const isAnswer = (effect: string): boolean => effect.startsWith('reply(');

/** What stays and only answers changes nothing; the tables have it. */
function isDrawn({ to, effects }: Row): boolean {
  return to !== '' || !effects.every(isAnswer);
}

const staysIn =
  (name: string) =>
  ({ from, to }: Row): boolean =>
    from === name && (to === '' || to === name);

interface Look {
  readonly fill: string;
  readonly line: string;
}

/** In the order of the machine. */
type Looks = ReadonlyMap<string, Look>;

const PLAIN: Look = { fill: '#ffffff', line: '#5b6570' };

/** The authorization machine is nobody's session and has no tags: what it may do in a state says the same. */
function lookOf(leaf: Leaf, rows: readonly Row[]): Look {
  const does = (event: string): boolean =>
    rows.some((row) => row.from === leaf.name && row.event === event && isDrawn(row));
  const waits = leaf.tags.includes('waiting') || does('request.attended');
  const isIn = leaf.tags.includes('authorized') || does('token.used');
  if (waits && isIn) return { fill: '#f3f5dc', line: '#8f9a2f' };
  if (waits) return { fill: '#fdf1d3', line: '#c98a1b' };
  if (isIn) return { fill: '#e2f3e4', line: '#3d8b4a' };
  if (isSettled(leaf)) return { fill: '#e9eaec', line: '#7b828a' };
  return PLAIN;
}

const TAG_COLOURS: Readonly<Record<string, string>> = {
  waiting: '#c98a1b',
  authorized: '#3d8b4a',
  settled: '#7b828a',
};

const labelled = (rows: readonly Row[]): readonly string[] => (rows.length > 0 ? [labels(rows)] : []);

/** Every way into it, and from where. */
function waysInto(leaf: Leaf, rows: readonly Row[], leaves: readonly Leaf[]): readonly string[] {
  const ways = alike(rows.filter(({ to }) => to === leaf.name));
  return ways.map(({ sources, rows: same }) => {
    const all = sources.length === leaves.length - 1;
    const who = all ? ['in every other state'] : wrapped(`in ${listed(sources)}`, 52);
    const head = who.map((line) => `${escaped(line)}<BR ALIGN="LEFT"/>`).join('');
    return `<FONT POINT-SIZE="10" COLOR="#4a525b">${head}</FONT>${labels(same)}`;
  });
}

function card(leaf: Leaf, looks: Looks, sections: readonly string[]): string {
  const { fill, line } = looks.get(leaf.name) ?? PLAIN;
  const tags = leaf.tags.map((tag) => `<FONT COLOR="${TAG_COLOURS[tag] ?? line}"><B>${tag}</B></FONT>`);
  return [
    `<TABLE BORDER="1.2" COLOR="${line}" BGCOLOR="${fill}" STYLE="rounded" CELLBORDER="0" CELLSPACING="0" CELLPADDING="4">`,
    `<TR><TD CELLPADDING="5"><FONT POINT-SIZE="15"><B>${escaped(leaf.name)}</B></FONT></TD></TR>`,
    `<TR><TD><FONT POINT-SIZE="10" COLOR="#4a525b">${lines(leaf.description, 44)}</FONT></TD></TR>`,
    ...(tags.length > 0 ? [`<TR><TD><FONT POINT-SIZE="10">${tags.join(' &#183; ')}</FONT></TD></TR>`] : []),
    ...sections.map((section) => `<HR/><TR><TD ALIGN="LEFT" BALIGN="LEFT">${section}</TD></TR>`),
    '</TABLE>',
  ].join('');
}

function arrows(from: string, rows: readonly Row[], looks: Looks): readonly string[] {
  return [...looks.keys()].flatMap((to) => {
    const joined = rows.filter((row) => row.from === from && row.to === to && to !== from);
    return joined.length > 0 ? [arrow(idOf(from), to, joined, looks)] : [];
  });
}

function arrow(from: string, to: string, rows: readonly Row[], looks: Looks): string {
  const { line } = looks.get(to) ?? PLAIN;
  return `  ${from} -> ${idOf(to)} [color="${line}" label=<${table(labels(rows))}>]`;
}

function sharedBox({ sources, rows }: Shared, id: string, looks: Looks): readonly string[] {
  const staying = rows.filter(({ to }) => to === '');
  const all = sources.length === looks.size;
  const who = all ? 'in every state' : `in ${listed(sources)}`;
  const inside = staying.length > 0 ? `<HR/><TR><TD ALIGN="LEFT">${labels(staying)}</TD></TR>` : '';
  const head = `<TR><TD><FONT POINT-SIZE="10" COLOR="#4a525b">${lines(who, 40)}</FONT></TD></TR>`;
  const style =
    'BORDER="1" COLOR="#8a9099" STYLE="rounded,dashed" CELLBORDER="0" CELLSPACING="0" CELLPADDING="4"';
  const targets = [...new Set(rows.map(({ to }) => to).filter((to) => to !== ''))];
  return [
    `  ${id} [label=<<TABLE ${style}>${head}${inside}</TABLE>>]`,
    ...targets.map((target) =>
      arrow(
        id,
        target,
        rows.filter(({ to }) => to === target),
        looks,
      ),
    ),
  ];
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** One line each: the event, what must hold, what is done. */
function labels(rows: readonly Row[]): string {
  return rows.map((row) => `${label(row)}<BR ALIGN="LEFT"/>`).join('');
}

function label({ event, guard, effects }: Row): string {
  const done = effects.filter((effect) => !isAnswer(effect) && !isAnnounced(effect)).map(shortened);
  const condition = guard && ` <I>[${escaped(guard)}]</I>`;
  const [first = '', ...rest] = wrapped(done.join(', '), 40).map(escaped);
  const more = rest.map((line) => `<BR ALIGN="LEFT"/>&nbsp;&nbsp;&nbsp;&nbsp;&nbsp;${line}`).join('');
  const text = done.length > 0 ? ` <FONT COLOR="#69727c">/ ${first}${more}</FONT>` : '';
  return `<FONT POINT-SIZE="10"><B>${escaped(event)}</B>${condition}${text}</FONT>`;
}

/** What is announced follows from what is done, but for the outcome of a request. */
function isAnnounced(effect: string): boolean {
  return effect.startsWith('announce(') && !effect.includes('settled');
}

function shortened(effect: string): string {
  return effect.replace(/^announce\(request\.settled (.*)\)$/, 'settled\u00a0$1');
}

/** Air around a label, so that no arrow touches it. */
function table(text: string): string {
  return `<TABLE BORDER="0" CELLBORDER="0" CELLPADDING="3"><TR><TD ALIGN="LEFT">${text}</TD></TR></TABLE>`;
}

/** Centred lines of about the same length. */
function lines(text: string, width: number): string {
  const even = Math.ceil(text.length / Math.ceil(text.length / width)) + 4;
  return wrapped(text.replaceAll('`', ''), even).map(escaped).join('<BR/>');
}

function wrapped(text: string, width: number): readonly string[] {
  const result: string[] = [];
  for (const word of text.split(' ')) {
    const last = result.at(-1);
    if (last !== undefined && last.length + word.length < width)
      result[result.length - 1] = `${last} ${word}`;
    else result.push(word);
  }
  return result;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function idOf(state: string): string {
  return state.replaceAll('.', '_');
}
