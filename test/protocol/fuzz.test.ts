import { describe, expect, it } from 'vitest';
import { OPENCLAW_VOCABULARY } from '../../machines/vocabulary.ts';
import { parseConnect } from '../../src/protocol/connect.ts';
import { NOT_JSON } from '../../src/protocol/faults.ts';
import { parseFrame } from '../../src/protocol/frames.ts';
import { importPublicKey, verifyDeviceProof } from '../../src/protocol/signature.ts';
import { claim, cliParams, NONCE, newDevice, SIGNED_AT, seeded } from './device.ts';

type Random = ReturnType<typeof seeded>;

const device = newDevice();
const ODD: readonly unknown[] = [
  null,
  undefined,
  true,
  0,
  -1,
  3,
  4,
  1e308,
  0.5,
  '',
  'operator',
  'node',
  'operator.read',
  'operator.read,operator.admin',
  '\u202e\u0000\ud800',
  'x'.repeat(5000),
  [],
  {},
  [null, 1, 'a', []],
  { __proto__: null, id: {} },
];

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)] as T;
}

/** A copy of `value` with some of its parts replaced by odd ones, or left out. */
function mutated(value: unknown, random: Random): unknown {
  if (random(12) === 0) return pick(random, ODD);
  if (Array.isArray(value)) return value.map((item) => mutated(item, random));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(() => random(15) > 0);
  return Object.fromEntries(entries.map(([key, item]) => [key, mutated(item, random)]));
}

/** The text with a few characters changed, doubled or cut off. */
function garbled(text: string, random: Random): string {
  const at = random(text.length);
  const junk = pick(random, ['"', '\\', '{', '[', ']', '\u0000', '😀', '\ud800', ',']);
  const changed = text.slice(0, at) + junk + text.slice(at + random(3));
  return random(3) === 0 ? changed.slice(0, random(changed.length)) : changed;
}

const keyFor = (_id: string, raw: Buffer) => importPublicKey(raw);

/** Sends the text through all three readers, checks what comes out, and says how far it came. */
function readAll(
  text: string,
): 'not JSON' | 'not a request' | 'refused' | 'read without device' | 'proof checked' {
  const frame = parseFrame(text);
  if (frame.kind === 'fault') return frame.fault === NOT_JSON ? 'not JSON' : 'not a request';
  const reading = parseConnect(frame.params, OPENCLAW_VOCABULARY);
  if (!reading.ok) {
    expect(reading.fault.wire?.code).toBe('INVALID_REQUEST');
    expect(Buffer.byteLength(reading.fault.close.reason)).toBeLessThanOrEqual(120);
    return 'refused';
  }
  const { connect } = reading;
  for (const shown of [...Object.values(connect.client), ...connect.caps]) {
    expect(shown).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u);
    expect(shown.length).toBeLessThanOrEqual(128);
  }
  const proof = verifyDeviceProof({ connect, nonce: NONCE, nowMs: SIGNED_AT, keyFor });
  expect(proof.ok).toBe(false);
  return connect.device ? 'proof checked' : 'read without device';
}

/** A connect in which something is wrong more often than not. */
function oddText(random: Random): string {
  const params = cliParams({ device: claim(device, 'AAAA'), caps: ['antechamber.wait', 'x'] });
  const sent = { type: 'req', id: '1', method: 'connect', params: mutated(params, random) };
  const text = JSON.stringify(random(10) === 0 ? mutated(sent, random) : sent) ?? '';
  return random(4) === 0 && text ? garbled(text, random) : text;
}

describe('whatever is sent', () => {
  it('is answered by parseFrame, parseConnect and verifyDeviceProof without a throw', () => {
    const random = seeded(47103);
    const seen = new Map<string, number>();
    for (let round = 0; round < 20_000; round += 1) {
      const way = readAll(oddText(random));
      seen.set(way, (seen.get(way) ?? 0) + 1);
    }
    // Each way out must have been taken often, or the generator tests less than it seems to.
    expect(seen.size).toBe(5);
    for (const [way, times] of seen) expect(times, way).toBeGreaterThan(200);
  });
});
