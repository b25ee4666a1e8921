/** What a command did, as lines that can be compared: its exit code, what it said, and what passed on the wire. */
import { type Known, plainText, unfolded } from './plain-text.ts';
import type { Ran } from './program.ts';
import type { Json, Passed } from './recorder.ts';

/** Where a program's stack or the folders of its packages are named, the line says nothing of the gateway. */
const OF_THE_PROGRAM = /^\s+at |node_modules|^\s*$|^\[sqlite\/transaction\] slow/;

function outputFacts({ code, out, err }: Ran, known: Known): readonly string[] {
  const { printed, text } = jsonIn(out);
  const lines = [...unfolded(text), ...unfolded(err)]
    .filter((line) => !OF_THE_PROGRAM.test(line))
    .map((line) => `says ${line.trim()}`);
  const shape =
    printed === undefined
      ? []
      : shapeOf(
          printed,
          'prints',
          'deviceId' in printed || 'paired' in printed || 'device' in printed ? 9 : 2,
        );
  return [`exit ${code}`, ...[...lines, ...shape].map((line) => plainText(line, known))];
}

/** The object that a command prints with `--json`, and what it says before. */
function jsonIn(out: string): { printed?: Json; text: string } {
  const start = /^\{$/m.exec(out)?.index;
  if (start === undefined) return { text: out };
  try {
    return { printed: JSON.parse(out.slice(start)), text: out.slice(0, start) };
  } catch {
    return { text: out };
  }
}

/** The paths of a value and what is there: `pending[].connected true`, `pending[].ts number`. Stops at `depth`. */
export function shapeOf(value: Json, path: string, depth: number): readonly string[] {
  if (Array.isArray(value)) {
    if (value.length === 0 || depth === 0) return [`${path}[]`];
    return value.flatMap((one) => shapeOf(one, `${path}[]`, depth));
  }
  if (value === null || typeof value === 'boolean') return [`${path} ${value}`];
  if (typeof value !== 'object') return [`${path} ${typeof value}`];
  if (depth === 0) return [`${path} object`];
  return Object.entries(value).flatMap(([key, inner]) => shapeOf(inner, `${path}.${key}`, depth - 1));
}

/** Answers about devices are compared whole; of the others only that their parts are there. */
const depthOf = (method: string): number => (method.startsWith('device.') ? 9 : 1);

function helloFacts({ auth, features, snapshot, ...rest }: Json): readonly string[] {
  const given = `hello, scopes ${[...(auth.scopes ?? [])].sort().join(' ')}${auth.deviceToken ? ', with a device token' : ''}`;
  return [
    given,
    ...shapeOf(auth, 'hello.auth', 2),
    ...shapeOf(rest, 'hello', 2),
    ...shapeOf(snapshot, 'hello.snapshot', 1),
    ...(features.events as string[]).map((name) => `hello.features.events ${name}`),
  ];
}

const NOT_TOLD = /^(tick|health|presence|heartbeat|connect\.challenge)$/;

class Wire {
  readonly facts: string[] = [];
  readonly #asked = new Map<string, string>();
  readonly #known: Known;

  constructor(known: Known) {
    this.#known = known;
  }

  #say(text: string): void {
    this.facts.push(plainText(text, this.#known));
  }

  take(passed: Passed): void {
    if ('http' in passed) return this.#say(`http ${passed.http}: ${passed.status}`);
    if ('close' in passed) {
      // Who sees the end first, and with which code, is a race once one side has gone.
      if (passed.from === 'gateway' && passed.close.code !== 1005 && passed.close.code !== 1006)
        this.#say(`closed ${passed.close.code} ${passed.close.reason}`);
      return;
    }
    const { socket, from, frame } = passed;
    if (from === 'client') return this.#request(socket, frame);
    if (frame.type === 'event') return this.#event(frame);
    this.#answer(this.#asked.get(`${socket} ${frame.id}`) ?? '?', frame);
  }

  #request(socket: number, { id, method, params }: Json): void {
    this.#asked.set(`${socket} ${id}`, method);
    if (method !== 'connect') return this.#say(`calls ${method} ${JSON.stringify(params ?? {})}`);
    const { client, role, scopes, device, auth = {} } = params;
    const shown = Object.keys(auth).join(' and ') || 'nothing';
    const how = `${device ? 'with its device' : 'without a device'}, ${shown}`;
    this.#say(`connects as ${client.id}/${client.mode} ${role}, ${how}, asks ${scopes?.join(' ')}`);
  }

  #event({ event, payload }: Json): void {
    if (NOT_TOLD.test(event)) return;
    this.#say(`event ${event}`);
    for (const line of shapeOf(payload, `event ${event}`, 3)) this.#say(line);
  }

  #answer(method: string, { ok, payload, error }: Json): void {
    if (!ok) {
      this.#say(`refuses ${method}: ${error.code} ${error.message}`);
      for (const line of shapeOf(error.details ?? {}, `refuses ${method}`, 1)) this.#say(line);
      return;
    }
    const lines = method === 'connect' ? helloFacts(payload) : shapeOf(payload, method, depthOf(method));
    for (const line of lines) this.#say(line);
  }
}

/** Each fact once: how often a command tries again depends on how fast the machine is. */
export function factsOf(ran: Ran, passed: readonly Passed[], known: Known): readonly string[] {
  const wire = new Wire(known);
  for (const one of passed) wire.take(one);
  return [...new Set([...outputFacts(ran, known), ...wire.facts])];
}
