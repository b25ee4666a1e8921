/**
 * openclaw/openclaw#21688 as it goes on the wire, short: one real run against the emulated 2026.2.19, one against our
 * gateway on a clock that is turned. What differs from run to run (ids, times) has a name, so that two runs tell the
 * same.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAuthority } from '../../src/authority/open.ts';
import { startGateway } from '../../src/gateway/server.ts';
import { BUNDLE, MANAGE, NEEDED } from '../demo/ask.ts';
import { EMULATION, Process } from '../demo/processes.ts';
import { newDevice } from '../protocol/device.ts';
import { TestClock } from '../support/clock.ts';
import { type Ask, type Frame, RawClient } from '../support/raw-client.ts';

export type Who = 'Program' | 'Owner';
export type Line =
  | { readonly kind: 'sent' | 'received' | 'closed'; readonly who: Who; readonly text: string }
  | { readonly kind: 'note'; readonly text: string };

const TOKEN = 'a-token-of-this-story';
const AUTH = { token: TOKEN };

/** The frames of one story, as lines. */
class Recording {
  readonly lines: Line[] = [];
  readonly #names = new Map<string, string>();

  note(text: string): void {
    this.lines.push({ kind: 'note', text });
  }

  sent(who: Who, method: string, about: string): void {
    this.lines.push({ kind: 'sent', who, text: `${method} ${about}`.trim() });
  }

  received(who: Who, frame: Frame): void {
    this.lines.push({ kind: 'received', who, text: this.#told(frame) });
  }

  async closed(who: Who, client: RawClient): Promise<void> {
    const { code, reason } = await client.closed();
    this.lines.push({ kind: 'closed', who, text: `${code} ${reason.split(':')[0]}` });
  }

  /** `request 1`: the same id has the same name, so that one that moves would be seen. */
  named(requestId: string): string {
    const name = this.#names.get(requestId) ?? `request ${this.#names.size + 1}`;
    this.#names.set(requestId, name);
    return name;
  }

  #told({ ok, event, payload, error }: Frame): string {
    if (event) return `${event}, ${this.named(payload.requestId)}`;
    if (ok && payload?.type === 'hello-ok') return `hello-ok ${scopes(payload.auth?.scopes ?? [])}`.trim();
    if (ok && payload?.pending) {
      const rows = payload.pending.map(
        (row: Frame['payload']) => `${this.named(row.requestId)} ${scopes(row.scopes)}`,
      );
      return rows.length === 0 ? 'nothing waits' : `waiting: ${rows.join(', ')}`;
    }
    if (ok) return 'ok';
    const { details = {}, message } = error;
    const id = details.requestId ? `, ${this.named(details.requestId)}` : '';
    const next = details.recommendedNextStep ? `, ${details.recommendedNextStep}` : '';
    return `${message.split(':')[0]}${id}${next}`;
  }
}

const scopes = (list: readonly string[]): string =>
  list.map((scope) => scope.replace('operator.', '')).join(' + ');

/** Connects, and answers the client and the id of its `connect`. */
async function connect(recording: Recording, who: Who, url: string, ask: Ask): Promise<[RawClient, string]> {
  const client = await RawClient.open(url);
  recording.sent(who, 'connect', scopes(ask.scopes ?? []));
  return [client, await client.sendConnect({ auth: AUTH, ...ask })];
}

async function refused(recording: Recording, who: Who, [client, id]: [RawClient, string]): Promise<void> {
  recording.received(who, await client.response(id));
  await recording.closed(who, client);
}

async function letIn(recording: Recording, who: Who, [client, id]: [RawClient, string]): Promise<RawClient> {
  const answer = await client.response(id);
  recording.received(who, answer);
  if (!answer.ok) throw new Error(`not let in: ${answer.error.message}`);
  return client;
}

async function call(
  recording: Recording,
  client: RawClient,
  method: string,
  params: unknown,
  about = '',
): Promise<Frame> {
  recording.sent('Owner', method, about);
  const answer = await client.request(method, params);
  recording.received('Owner', answer);
  return answer;
}

const PROGRAM = { scopes: [...NEEDED], clientId: 'gateway-client', mode: 'backend', protocol: 3 } as const;
const COMMAND = { scopes: [...BUNDLE], protocol: 3 } as const;

/** Against the emulation, a process of its own. */
export async function storyBefore(): Promise<readonly Line[]> {
  const recording = new Recording();
  const gateway = new Process('the emulation', [EMULATION], { DEMO_TOKEN: TOKEN });
  try {
    const url = await gateway.url();
    const [device, other] = [newDevice(), newDevice()];
    for (const one of [device, other]) {
      const client = await RawClient.open(url);
      await client.connect({ ...COMMAND, device: one, auth: AUTH });
      await client.end();
    }
    recording.note(`two computers are paired with ${scopes(BUNDLE)}`);
    const owner = await letIn(
      recording,
      'Owner',
      await connect(recording, 'Owner', url, { ...COMMAND, device: other }),
    );
    const rotation = { deviceId: device.id, role: 'operator', scopes: MANAGE };
    await call(recording, owner, 'device.token.rotate', rotation, scopes(MANAGE));
    for (let attempt = 1; attempt <= 3; attempt++) {
      await refused(recording, 'Program', await connect(recording, 'Program', url, { ...PROGRAM, device }));
      const isLogged = (line: string): boolean => line.includes('access upgrade requested');
      await gateway.until((lines) => (lines.filter(isLogged).length >= attempt ? true : undefined));
      recording.note(`log: line ${attempt}, device access upgrade requested`);
    }
    recording.note('the command line of the same computer');
    await refused(recording, 'Owner', await connect(recording, 'Owner', url, { ...COMMAND, device }));
    recording.note('the owner goes to another computer');
    const list = await call(recording, owner, 'device.pair.list', {});
    const [{ requestId }] = list.payload.pending;
    await call(recording, owner, 'device.pair.approve', { requestId }, recording.named(requestId));
    const program = await connect(recording, 'Program', url, { ...PROGRAM, device });
    await (await letIn(recording, 'Program', program)).end();
    await owner.end();
    return recording.lines;
  } finally {
    await gateway.stop();
  }
}

/** Longer than a program of this kind is held. */
const SLICE_MS = 2000;

/** Against our gateway, in this process. */
export async function storyAfter(): Promise<readonly Line[]> {
  const recording = new Recording();
  const folder = mkdtempSync(join(tmpdir(), 'antechamber-story-'));
  const clock = new TestClock();
  const log: string[] = [];
  const { authority, close } = await openAuthority({ folder, clock, onAudit: (line) => log.push(line) });
  const auth = { mode: 'token', secret: TOKEN } as const;
  const gateway = await startGateway({
    authority,
    auth,
    port: 0,
    locality: { local: 'auto' },
    runTimers: false,
  });
  const { url } = gateway;
  try {
    const device = newDevice();
    const first = await RawClient.open(url);
    await first.connect({ ...COMMAND, device, auth: AUTH });
    await first.end();
    recording.note(`a computer is paired with ${scopes(BUNDLE)}`);
    const rights = { scopes: ['operator.admin', 'operator.pairing'] };
    const owner = await letIn(recording, 'Owner', await connect(recording, 'Owner', url, rights));
    const rotation = { deviceId: device.id, role: 'operator', scopes: MANAGE };
    await call(recording, owner, 'device.token.rotate', rotation, scopes(MANAGE));
    const before = log.length;
    const sent = await connect(recording, 'Program', url, { ...PROGRAM, device });
    recording.received('Program', await sent[0].event('connect.pending'));
    recording.note(`log: line ${log.length - before}, the request`);
    clock.advance(SLICE_MS);
    await gateway.turn();
    await refused(recording, 'Program', sent);
    const again = await connect(recording, 'Program', url, { ...PROGRAM, device });
    recording.received('Program', await again[0].event('connect.pending'));
    if (log.length > before + 1) throw new Error('a retry was logged');
    recording.note('the command line of the same computer');
    const command = await letIn(
      recording,
      'Owner',
      await connect(recording, 'Owner', url, { ...COMMAND, device }),
    );
    const list = await call(recording, command, 'device.pair.list', {});
    const [{ requestId }] = list.payload.pending;
    recording.sent('Owner', 'device.pair.approve', recording.named(requestId));
    const approval = owner.request('device.pair.approve', { requestId });
    await (await letIn(recording, 'Program', again)).end();
    recording.received('Owner', await approval);
    await call(recording, owner, 'device.pair.list', {});
    for (const client of [owner, command]) await client.end();
    return recording.lines;
  } finally {
    await gateway.stop('the story is over');
    await close();
    rmSync(folder, { recursive: true, force: true });
  }
}
