import { byId, hear } from './frames.js';

const MOST_EVENTS = 300;
/** Actors that are gone are shown for as long as there are not more of them. */
const MOST_GONE = 20;

/**
 * @typedef {{ status: string, value: any, context: Record<string, any>, tags: string[] }} Snapshot
 * @typedef {{ id: string, name: string, definition: any, snapshot: Snapshot, row: HTMLLIElement }} Actor
 */

/** @type {Map<string, Actor>} */
const actors = new Map();
/** @type {Set<Actor>} */
const changed = new Set();
let chosen = '';
let missed = 0;

/** @param {string} name @param {string} text @param {string} [kind] */
function element(name, text, kind) {
  const made = document.createElement(name);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

/** `upgradePending.held` for `{ upgradePending: 'held' }`. @param {any} value @returns {string} */
function pathOf(value) {
  if (typeof value === 'string') return value;
  return Object.entries(value)
    .map(([parent, child]) => `${parent}.${pathOf(child)}`)
    .join(' ');
}

/** @param {Actor} actor */
function aboutOf({ snapshot }) {
  const { claimed, request } = snapshot.context;
  const { device, role, client, mode } = claimed ?? snapshot.context;
  const who = client === undefined ? [] : [`${client} (${mode})`];
  return [claimed && 'claims to be', device, role, ...who, request, ...snapshot.tags]
    .filter((part) => part)
    .join(' · ');
}

/** @param {Actor} actor */
function drawRow(actor) {
  const { id, name, snapshot, row } = actor;
  const button = /** @type {HTMLButtonElement} */ (row.firstChild);
  const state = element('span', pathOf(snapshot.value), 'state');
  button.replaceChildren(element('span', name), state, element('span', aboutOf(actor), 'about'));
  button.setAttribute('aria-pressed', String(id === chosen));
  row.className = snapshot.status === 'stopped' ? 'gone' : snapshot.tags.join(' ');
  const wanted = /** @type {HTMLInputElement} */ (byId('filter')).value.trim().toLowerCase();
  row.hidden = !`${button.textContent}`.toLowerCase().includes(wanted);
}

/** Names of the states that the machine goes to with an event; none: it stays. @param {any} transitions */
function targetsOf(transitions) {
  const targets = [transitions].flat().map((one) => (typeof one === 'string' ? one : one.target));
  return [...new Set(targets.flat().map((target) => target?.replace(/^#?[^.]*\.(?=.)/, '') ?? 'stays'))].join(
    ', ',
  );
}

/** @param {any} states @param {any} value @returns {HTMLElement} */
function statesOf(states, value) {
  const list = document.createElement('ul');
  for (const [name, state] of Object.entries(states)) {
    const item = document.createElement('li');
    item.append(element('span', name, 'name'), ' ', element('span', state.description ?? '', 'about'));
    const inner = typeof value === 'object' ? value[name] : undefined;
    const isCurrent = value === name || inner !== undefined;
    if (isCurrent) item.setAttribute('aria-current', 'true');
    if (isCurrent && state.on) {
      const moves = Object.entries(state.on).map(([event, to]) => `${event} → ${targetsOf(to)}`);
      item.append(element('pre', moves.join('\n')));
    }
    if (state.states) item.append(statesOf(state.states, inner));
    list.append(item);
  }
  return list;
}

function drawChart() {
  const actor = actors.get(chosen);
  if (!actor) return byId('chart').replaceChildren(element('p', 'Choose an actor.'));
  const { name, definition, snapshot } = actor;
  byId('chart').replaceChildren(
    element(
      'h3',
      `${name}: ${pathOf(snapshot.value)}${snapshot.status === 'active' ? '' : `, ${snapshot.status}`}`,
    ),
    statesOf(definition.states ?? {}, snapshot.value),
    element('pre', JSON.stringify(snapshot.context, null, 2)),
  );
}

function draw() {
  for (const actor of changed) drawRow(actor);
  if ([...changed].some(({ id }) => id === chosen)) drawChart();
  changed.clear();
}

/** @param {Actor} actor */
function redraw(actor) {
  if (changed.size === 0) requestAnimationFrame(draw);
  changed.add(actor);
}

/** @param {string} id */
function choose(id) {
  const before = actors.get(chosen);
  chosen = id;
  const now = actors.get(id);
  for (const actor of [before, now]) if (actor) redraw(actor);
}

/** @param {any} frame @returns {Actor} */
function open({ sessionId: id, name, definition, snapshot }) {
  const row = document.createElement('li');
  const button = document.createElement('button');
  button.type = 'button';
  button.addEventListener('click', () => choose(id));
  row.append(button);
  byId('actors').prepend(row);
  const actor = { id, name, definition: JSON.parse(definition), snapshot, row };
  actors.get(id)?.row.remove();
  actors.set(id, actor);
  return actor;
}

function forgetGone() {
  const gone = [...actors.values()].filter(({ snapshot }) => snapshot.status === 'stopped');
  for (const { id, row } of gone.slice(0, -MOST_GONE)) {
    row.remove();
    actors.delete(id);
  }
}

/** @param {Actor} actor @param {any} event @param {string} createdAt */
function list({ name }, event, createdAt) {
  const { type, ...rest } = event;
  const known = JSON.stringify(rest, (_key, value) => value ?? undefined);
  const details = known === '{}' ? '' : ` ${known}`;
  const time = element('time', new Date(Number(createdAt)).toLocaleTimeString());
  const item = document.createElement('li');
  item.append(time, ` ${name}: `, element('b', type), element('span', details, 'details'));
  byId('events').prepend(item);
  while (byId('events').childElementCount > MOST_EVENTS) byId('events').lastElementChild?.remove();
}

/** The inspector itself says how many frames it left out. @param {any} event */
function miss(event) {
  if (event?.type === 'frames.dropped') missed += event.count;
  byId('missed').hidden = missed === 0;
  byId('missed').textContent = `${missed} events were not shown: too many at once`;
}

/** @param {any} frame */
function take(frame) {
  const { type, sessionId, event, snapshot, createdAt } = frame;
  if (sessionId === 'inspector') return miss(event);
  const actor = type === '@xstate.actor' ? open(frame) : actors.get(sessionId);
  if (!actor) return;
  if (type === '@xstate.event') list(actor, event, createdAt);
  if (type === '@xstate.snapshot') {
    actor.snapshot = snapshot;
    if (snapshot.status === 'stopped') forgetGone();
  }
  redraw(actor);
}

byId('filter').addEventListener('input', () => {
  for (const actor of actors.values()) redraw(actor);
});
drawChart();
hear(take, (status) => {
  byId('status').textContent = status;
});
