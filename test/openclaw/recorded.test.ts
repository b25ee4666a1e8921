import { describe, expect, it } from 'vitest';
import type { RawClient } from '../support/raw-client.ts';
import { compare, type Difference } from './compare.ts';
import { type Loose, type RecordedFrame, readRecorded, recordedFiles, type Version } from './recorded.ts';
import { STATES } from './recorded-states.ts';
import { Stage } from './stage.ts';
import { isWanted, WANTED } from './wanted-differences.ts';

/** A connection's frames from one of its client's messages to the next; the first is the `connect`. */
interface Turn {
  readonly sent: Loose;
  readonly told: readonly RecordedFrame[];
}

function turnsOf(frames: readonly RecordedFrame[]): Turn[][] {
  const connections: { sent: Loose; told: RecordedFrame[] }[][] = [];
  for (const frame of frames) {
    if (frame.json?.event === 'connect.challenge') connections.push([]);
    else if (frame.from === 'client') connections.at(-1)?.push({ sent: frame.json, told: [] });
    else connections.at(-1)?.at(-1)?.told.push(frame);
  }
  return connections;
}

function nameOf({ json, close }: RecordedFrame): string {
  if (close) return 'close';
  return json.type === 'event' ? `event ${json.event}` : json.id;
}

/** What ours said in one turn: everything since `from`, and the end of the socket. */
function toldByOurs(client: RawClient, from: number, sent: Loose, id: string): RecordedFrame[] {
  const frames = client.frames.slice(from).flatMap((frame): RecordedFrame[] => {
    if (frame.type === 'res' && frame.id !== id) return [];
    return [{ conn: 0, from: 'gateway', json: frame.type === 'res' ? { ...frame, id: sent.id } : frame }];
  });
  return client.close ? [...frames, { conn: 0, from: 'gateway', close: client.close }] : frames;
}

function compareTurn({ told }: Turn, ours: readonly RecordedFrame[]): Difference[] {
  const names = new Set([...told, ...ours].map(nameOf));
  return [...names].flatMap((name): Difference[] => {
    const recorded = told.find((frame) => nameOf(frame) === name);
    const given = ours.find((frame) => nameOf(frame) === name);
    if (!given) return [{ at: name, kind: 'missing' }];
    if (!recorded) return [{ at: name, kind: 'extra' }];
    if (recorded.close) return compare(name, recorded.close, given.close);
    // Let in where the recorded one was not, or the other way round: nothing below that can be compared.
    if (recorded.json.ok !== given.json.ok)
      return [{ at: `${name}.ok`, kind: 'value', recorded: recorded.json.ok, ours: given.json.ok }];
    return compare(name, recorded.json, given.json);
  });
}

/** Plays one connection again. What follows an answer that differs in `ok` cannot follow from it any more. */
async function playConnection(stage: Stage, turns: readonly Turn[]): Promise<Difference[]> {
  const [first, ...calls] = turns;
  if (!first) return [];
  const { client, answer } = await stage.connect(first.sent.params);
  if (!answer.ok) await client.closed();
  const challenge = 1;
  const found = compareTurn(first, toldByOurs(client, challenge, first.sent, answer.id ?? ''));
  if (found.some(({ at }) => at === 'connect.ok')) return found;
  for (const call of calls) {
    const from = client.frames.length;
    const id = client.sendRequest(call.sent.method, stage.translated(call.sent.params));
    await client.response(id);
    // A rotation and a revocation may end the caller's own socket; else an answer says that all is told.
    if (!client.close) await client.request('device.pair.list', {}).catch(() => client.closed());
    found.push(...compareTurn(call, toldByOurs(client, from, call.sent, id)));
  }
  await client.end();
  return found;
}

async function play(version: Version, file: string): Promise<Difference[]> {
  const stage = await Stage.open(version, STATES[version][file.slice(0, 2)] ?? {});
  const found: Difference[] = [];
  for (const turns of turnsOf(readRecorded(version, file)))
    found.push(...(await playConnection(stage, turns)));
  return found;
}

/** `<path>: <reason>` of every difference that was found. */
const used = new Set<string>();

describe.each(['2026.2.19', '2026.9.6'] as const)('answered as the gateway of %s answered', (version) => {
  it.each(recordedFiles(version))('%s', async (file) => {
    const found = await play(version, file);
    const unwanted = found.filter((difference) => {
      const reasons = WANTED.filter((wanted) => isWanted(wanted, version, file, difference));
      for (const { why } of reasons) used.add(`${difference.at}: ${why}`);
      return reasons.length === 0;
    });
    expect(unwanted).toEqual([]);
  });
});

it('every reason still names a difference', () => {
  const idle = WANTED.flatMap(({ at, why }) => at.map((path) => `${path}: ${why}`)).filter(
    (reason) => !used.has(reason),
  );
  expect(idle).toEqual([]);
});
