/** The programs of the reports, as they connect (PROTOCOL 2.2), and what they are told. */
import { type House, SHARED } from '../support/harness.ts';
import { ADMIN_BUNDLE } from '../support/pairing.ts';
import { type Ask, type Frame, newDevice, type RawClient, type TestDevice } from '../support/raw-client.ts';

/** 2026.2.19's command line, which asks for its whole bundle whatever the command is. */
export const OLD_CLI = { clientId: 'cli', mode: 'cli', protocol: 3, scopes: ADMIN_BUNDLE } as const;
/** 2026.2.19's agent tools, cron announce and `status`: the same identity, and the one scope of the method. */
export const OLD_TOOL = { clientId: 'gateway-client', mode: 'backend', protocol: 3 } as const;
/** 2026.9's command line from another computer, or with nothing but its device token. */
export const CLI = { clientId: 'cli', mode: 'cli', protocol: 4 } as const;
export const TOOL = { clientId: 'gateway-client', mode: 'backend', protocol: 4 } as const;
export const NODE_HOST = { clientId: 'node-host', mode: 'node', role: 'node', scopes: [] } as const;
export const CONTROL_UI = { clientId: 'openclaw-control-ui', mode: 'webchat' } as const;
export const PROBE = { clientId: 'cli', mode: 'probe' } as const;

/** Options of a house whose own computer counts as local, and headers of a peer that is not. */
export const LOCAL = { gateway: { locality: { local: 'auto' } } } as const;
export const AFAR = { 'x-forwarded-for': '203.0.113.9' } as const;

/** One connect, and what the program is told first. */
export interface Knock {
  readonly client: RawClient;
  readonly told: 'let in' | 'waits' | 'refused';
  /** The request that it waits for, or that its refusal names; empty if none. */
  readonly requestId: string;
  /** What hello lets it use; empty while it is not let in. */
  readonly scopes: readonly string[];
  readonly deviceToken: string | undefined;
  readonly error: Frame['error'];
  /** The answer to the connect, also when it comes later. */
  answer(): Promise<Frame>;
}

/** Connects with the shared secret, unless `ask.auth` says otherwise. */
export async function knock(
  house: House,
  ask: Ask,
  headers?: Readonly<Record<string, string>>,
): Promise<Knock> {
  const client = await house.client(headers);
  const connectId = await client.sendConnect({ auth: SHARED, ...ask });
  const first = await client.until(() =>
    client.frames.find(({ id, event }) => id === connectId || event === 'connect.pending'),
  );
  const { auth, requestId } = first.payload ?? {};
  return {
    client,
    told: first.event ? 'waits' : first.ok ? 'let in' : 'refused',
    requestId: requestId ?? first.error?.details?.requestId ?? '',
    scopes: auth?.scopes ?? [],
    deviceToken: auth?.deviceToken,
    error: first.error,
    answer: () => client.response(connectId),
  };
}

/** The same, and gone again. */
export async function visit(
  house: House,
  ask: Ask,
  headers?: Readonly<Record<string, string>>,
): Promise<Knock> {
  const visitor = await knock(house, ask, headers);
  await visitor.client.end();
  return visitor;
}

/** Comes back each time it was turned away, and is held to the end of its slice each time, as a program that knows no
 * pause; answers what it was told, in order. */
export async function comeBack(house: House, ask: Ask, attempts: number): Promise<readonly Knock[]> {
  const knocks: Knock[] = [];
  for (let attempt = 0; attempt < attempts; attempt++) {
    const one = await knock(house, ask);
    knocks.push(one);
    if (one.told === 'let in') break;
    if (one.told === 'waits') await house.pass(12_000, 1000);
    await one.client.closed();
  }
  return knocks;
}

/** A device of the gateway's own computer, which paired by itself with its first program. */
export async function pairedHere(house: House, ask: Ask = OLD_CLI): Promise<TestDevice> {
  const device = newDevice();
  const { told } = await visit(house, { ...ask, device });
  if (told !== 'let in') throw new Error(`the first program of this computer is told: ${told}`);
  return device;
}

/** The owner on the gateway's own computer: the shared secret, no device. */
export async function ownerHere(house: House, scopes = ['operator.admin']): Promise<RawClient> {
  const { client, told } = await knock(house, { device: null, scopes });
  if (told !== 'let in') throw new Error(`the owner is told: ${told}`);
  return client;
}

/** The lines of the log by which owners find this bug (openclaw/openclaw#21688). */
export function upgradeLines({ log }: House): readonly string[] {
  return log.filter((line) => /scope-upgrade|role-upgrade|pairing required/.test(line));
}
