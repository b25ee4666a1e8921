/**
 * What a person reads at a command line. That of 2026.9 shows the message as the official package words it from the
 * answer; that of 2026.2.19 shows the reason of the close, and nothing else.
 */
import { formatConnectErrorMessage } from '@openclaw/gateway-protocol/connect-error-details';
import { describe, expect, it } from 'vitest';
import { remove, revoke, rotate } from '../../src/authority/device-decisions.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { type House, openHouse, SHARED } from '../support/harness.ts';
import { pair, READ, type Waiting, wait } from '../support/pairing.ts';
import { type Ask, newDevice, type TestDevice } from '../support/raw-client.ts';

const LIFETIME_MS = 3000;
const DAY = 24 * 60 * 60_000;
const CLI = { clientId: 'cli', mode: 'cli', scopes: READ } as const;

/** What one command is told, as its person sees it; ids that differ from run to run are named. */
interface Told {
  readonly newer: string;
  readonly older: string;
}

function shown(text: string, device: TestDevice): string {
  return text
    .replaceAll(device.id, '<device>')
    .replace(/[a-z2-7]{16}\.r\d+/g, '<request>')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>');
}

async function command(house: House, ask: Ask): Promise<Waiting> {
  const client = await house.client();
  const connectId = await client.sendConnect({ auth: SHARED, ...ask });
  const first = await client.until(() =>
    client.frames.find(({ type, event }) => type === 'res' || event === 'connect.pending'),
  );
  return { client, connectId, requestId: first.payload?.requestId };
}

/** Runs the command of both generations, each with a house and a device of its own. */
async function told(play: (house: House, device: TestDevice, ask: Ask) => Promise<Waiting>): Promise<Told> {
  const texts: string[] = [];
  for (const protocol of [4, 3] as const) {
    const house = await openHouse({
      authority: { terms: { lifetimeMs: LIFETIME_MS, longestLifeMs: LIFETIME_MS } },
    });
    const device = newDevice();
    const waiting = await play(house, device, { ...CLI, device, protocol });
    const { error } = await waiting.client.response(waiting.connectId);
    const { reason } = await waiting.client.closed();
    const text =
      protocol === 4 ? formatConnectErrorMessage({ message: error.message, details: error.details }) : reason;
    texts.push(shown(text, device));
  }
  const [newer = '', older = ''] = texts;
  return { newer, older };
}

const CASES: readonly {
  readonly what: string;
  readonly play: (house: House, device: TestDevice, ask: Ask) => Promise<Waiting>;
  readonly told: Told;
}[] = [
  {
    what: 'a wrong token',
    play: (house, _, ask) => command(house, { ...ask, auth: { token: 'wrong' } }),
    told: {
      newer: 'unauthorized: gateway token mismatch (set gateway.remote.token to match gateway.auth.token)',
      older: 'unauthorized: gateway token mismatch (set gateway.remote.token to match gateway.auth.token)',
    },
  },
  {
    what: 'no token',
    play: (house, _, ask) => command(house, { ...ask, auth: {} }),
    told: {
      newer: 'unauthorized: gateway token missing (set gateway.remote.token to match gateway.auth.token)',
      older: 'unauthorized: gateway token missing (set gateway.remote.token to match gateway.auth.token)',
    },
  },
  {
    what: 'a device that nobody has approved yet',
    play: async (house, _, ask) => {
      const waiting = await command(house, ask);
      await house.pass(2000);
      return waiting;
    },
    told: {
      newer: 'device pairing required (requestId: <request>)',
      older: 'pairing required: not approved yet; run: antechamber devices approve (requestId: <request>)',
    },
  },
  {
    what: 'scopes that nobody has approved yet',
    play: async (house, device, ask) => {
      await pair(house, device, ['operator.approvals']);
      const waiting = await command(house, ask);
      await house.pass(2000);
      return waiting;
    },
    told: {
      newer: 'scope upgrade pending approval (requestId: <request>)',
      older:
        'pairing required: more scopes than approved; run: antechamber devices approve (requestId: <request>)',
    },
  },
  {
    what: 'a request that expired while it waited',
    play: async (house, _, ask) => {
      const waiting = await command(house, { ...ask, caps: ['antechamber.wait'] });
      await house.pass(LIFETIME_MS + 1000);
      return waiting;
    },
    told: {
      newer: 'pairing required: the request expired before an owner decided; connect again',
      older:
        'pairing required: the request expired before an owner decided; connect again (requestId: <request>)',
    },
  },
  {
    what: 'a rejection while it waited',
    play: async (house, _, ask) => {
      const waiting = await command(house, ask);
      await reject(house.owner, waiting.requestId);
      return waiting;
    },
    told: {
      newer:
        'pairing required: an owner declined what this device asks for; asking again has no effect until <time>, ' +
        'unless the owner allows it with: antechamber devices forgive <device>',
      older:
        'pairing required: an owner declined what this device asks for; ask the owner (requestId: <request>)',
    },
  },
  {
    what: 'a rejection of before',
    play: async (house, _, ask) => {
      const first = await wait(house, ask);
      await reject(house.owner, first.requestId);
      return command(house, ask);
    },
    told: {
      newer:
        'pairing required: an owner declined what this device asks for; asking again has no effect until <time>, ' +
        'unless the owner allows it with: antechamber devices forgive <device>',
      older: 'pairing required: an owner declined what this device asks for; ask the owner',
    },
  },
  {
    what: 'a part approved while it waited for the other part',
    play: async (house, device, ask) => {
      const waiting = await command(house, ask);
      const wider = await wait(house, { ...ask, device, scopes: [...READ, 'operator.pairing'] });
      await approve(house.owner, wider.requestId, ['operator.pairing']);
      return waiting;
    },
    told: {
      newer:
        'pairing required: an owner approved a part and declined the rest; asking again has no effect until <time>, ' +
        'unless the owner allows it with: antechamber devices forgive <device>',
      older:
        'pairing required: an owner approved a part and declined the rest; ask the owner (requestId: <request>)',
    },
  },
  {
    what: 'a role that was revoked',
    play: async (house, device, ask) => {
      await pair(house, device, READ);
      await revoke(house.owner, device.id, 'operator');
      return command(house, ask);
    },
    told: {
      newer:
        "pairing required: an owner revoked this device's access; only an owner's approval brings it back: asking " +
        'has no effect until <time>, unless the owner allows it with: antechamber devices forgive <device>',
      older:
        "pairing required: an owner revoked this device's access; only an owner's approval brings it back",
    },
  },
  {
    what: 'a removal while it waited',
    play: async (house, device, ask) => {
      const waiting = await command(house, ask);
      await remove(house.owner, device.id);
      return waiting;
    },
    told: {
      newer: 'pairing required: an owner removed this device and its request; connect again',
      older:
        'pairing required: an owner removed this device and its request; connect again (requestId: <request>)',
    },
  },
  {
    what: 'a token that was superseded long ago',
    play: async (house, device, ask) => {
      const token = await pair(house, device, READ);
      await rotate(house.owner, device.id, 'operator', null);
      await house.pass(31 * DAY, DAY);
      return command(house, { ...ask, auth: { token } });
    },
    told: {
      newer:
        'unauthorized: device token superseded (connect once with the shared token; without it, the owner may be able ' +
        'to help with: antechamber devices reissue <device>)',
      older:
        'unauthorized: device token superseded (connect once with the shared token; a reissue may help, too)',
    },
  },
  {
    what: 'a token that was revoked',
    play: async (house, device, ask) => {
      const token = await pair(house, device, READ);
      await revoke(house.owner, device.id, 'operator');
      return command(house, { ...ask, auth: { token } });
    },
    told: {
      newer:
        'unauthorized: device token revoked by an owner (connect with the shared token to ask for approval)',
      older:
        'unauthorized: device token revoked by an owner (connect with the shared token to ask for approval)',
    },
  },
  {
    what: 'a token that this gateway never gave',
    play: async (house, device, ask) => {
      const token = await pair(house, device, READ);
      return command(house, { ...ask, auth: { token: `${token.slice(0, -4)}AAAA` } });
    },
    told: {
      newer: 'unauthorized: device token mismatch (rotate/reissue device token)',
      older: 'unauthorized: device token mismatch (rotate/reissue device token)',
    },
  },
];

describe('what a person reads, in both generations', () => {
  it.each(CASES)('$what', async ({ play, told: expected }) => {
    expect(await told(play)).toEqual(expected);
  });
});
