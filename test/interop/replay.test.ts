/** What the published command lines said to this gateway when `npm run interop -- --record` ran is said to it again. */
import { expect, it } from 'vitest';
import { openHouse } from '../support/harness.ts';
import { JOURNEYS } from './journeys.ts';
import { hasRecording, readRecording } from './recordings.ts';
import { RELEASES } from './releases.ts';
import { Replay } from './replay.ts';

const OF_RIGHTS = /^(connect|device)\b/;
const RECORDED = JOURNEYS.filter(hasRecording);

it.each(RELEASES)('journeys with $version were recorded', ({ version }) => {
  expect(RECORDED.some(({ generation }) => generation === version)).toBe(true);
});

it.each(RECORDED)(
  '$generation, $name: every answer has the recorded shape',
  async (journey) => {
    const house = await openHouse({
      gateway: { locality: { local: 'auto', trustedProxies: ['127.0.0.1'] } },
    });
    const stops = readRecording(journey);
    const replay = new Replay(house, journey);
    await replay.play(stops);
    for (const { cli, method, recorded, replayed } of replay.answers) {
      // What the gateway says of itself may grow; what it says of devices and rights is exactly what was recorded.
      const lines = OF_RIGHTS.test(method) ? replayed : replayed.filter((line) => recorded.includes(line));
      expect({ cli, method, lines }).toEqual({ cli, method, lines: recorded });
    }
    const frames = stops.flatMap((stop) => stop.frames);
    const told = frames.filter(
      ({ from, frame }) => from === 'gateway' && frame.event !== 'connect.challenge',
    );
    expect(told.length).toBeGreaterThan(10);
    expect(replay.answers).toHaveLength(told.length);
  },
  120_000,
);

it.each(RECORDED)('$generation, $name: the recording holds no secret', (journey) => {
  const text = JSON.stringify(readRecording(journey));
  for (const [, value] of text.matchAll(/"(?:token|deviceToken|signature|publicKey|nonce)":"([^"]*)"/g)) {
    expect(value).toMatch(/^<[\w ]+>$/);
  }
  expect(text.match(/[\w-]{40,}/g) ?? []).toEqual([]);
});
