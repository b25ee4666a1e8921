/** A whole story, and not one of its secrets in any frame. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { remove, revoke, rotate } from '../../src/authority/device-decisions.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import type { SharedAuth } from '../../src/gateway/credentials.ts';
import { ADMIN_BUNDLE, READ, WRITE } from '../support/pairing.ts';
import { type Ask, newDevice, type RawClient, type TestDevice } from '../support/raw-client.ts';
import { type InspectedHouse, openInspected } from './looking.ts';

/** Every text that a peer sent or was sent and that nobody else may know; and what the story is made with. */
class Story {
  readonly secrets = new Set<string>();
  readonly #opened: InspectedHouse;

  constructor(opened: InspectedHouse) {
    this.#opened = opened;
  }

  async connect(device: TestDevice, ask: Ask): Promise<{ client: RawClient; connectId: string }> {
    const client = await this.#opened.house.client();
    const { payload } = await client.event('connect.challenge');
    this.#keep(payload.nonce, device.id, device.publicKey);
    const connectId = await client.sendConnect({
      device,
      mode: 'node',
      ...ask,
      forge: (params) => {
        const { auth, device: proof } = params as { auth: object; device: { signature: string } };
        this.#keep(proof.signature, ...Object.values(auth));
        return params;
      },
    });
    return { client, connectId };
  }

  /** Waits for the answer, and keeps the token that a hello brings. */
  async answered({ client, connectId }: { client: RawClient; connectId: string }): Promise<string> {
    const answer = await client.response(connectId);
    const token = answer.payload?.auth?.deviceToken;
    if (token) this.#keep(token);
    return token ?? '';
  }

  #keep(...secrets: readonly string[]): void {
    for (const secret of secrets) this.secrets.add(secret);
  }
}

/** What lies in the state folder, piece by piece: token keys among it. */
function folderSecrets(folder: string): readonly string[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const texts = files.map((name) => readFileSync(join(folder, name), 'utf8'));
  return texts.flatMap((text) => [...text.matchAll(/"([\w+/=-]{20,})"/g)].map((match) => match[1] ?? ''));
}

async function play(opened: InspectedHouse, credentials: Readonly<Record<string, string>>): Promise<Story> {
  const { owner } = opened.house;
  const story = new Story(opened);
  const device = newDevice();
  const asked = await story.connect(device, { scopes: READ, auth: credentials });
  const first = (await asked.client.event('connect.pending')).payload.requestId;
  expect(await approve(owner, first)).toMatchObject({ ok: true });
  const token = await story.answered(asked);
  const wider = await story.connect(device, { scopes: [...READ, ...WRITE], auth: { deviceToken: token } });
  await story.answered(wider);
  expect(await rotate(owner, device.id, 'operator', null)).toMatchObject({ ok: true });
  await story.answered(await story.connect(device, { scopes: READ, auth: credentials }));
  await story.answered(await story.connect(device, { scopes: READ, auth: { token: 'a-wrong-secret-0123' } }));
  expect(await revoke(owner, device.id, 'operator')).toMatchObject({ ok: true });
  const again = await story.connect(device, { scopes: ADMIN_BUNDLE, auth: credentials });
  const { requestId } = (await again.client.event('connect.pending')).payload;
  expect(await reject({ ...owner, origin: { note: 'an owner wrote this note' } }, requestId)).toMatchObject({
    ok: true,
  });
  await story.answered(again);
  expect(await remove(owner, device.id)).toMatchObject({ ok: true });
  return story;
}

describe('no secret of a whole story is in any frame', () => {
  const AUTHS: readonly SharedAuth[] = [
    { mode: 'token', secret: 'the-shared-token-of-this-house' },
    { mode: 'password', secret: 'the-password-of-this-house' },
  ];

  it.each(AUTHS)('with a shared $mode', async (auth) => {
    if (auth.mode === 'none') throw new Error('not a case');
    const opened = await openInspected({ gateway: { auth }, store: 'sqlite' });
    const frames: string[] = [];
    const over = Promise.withResolvers<void>();
    const viewer = new WebSocket(opened.server.socketUrl);
    viewer.on('message', (data) => {
      frames.push(String(data));
      if (String(data).includes('"device.removed"')) over.resolve();
    });
    await new Promise((resolve) => viewer.once('open', resolve));
    const { secrets } = await play(opened, { [auth.mode]: auth.secret });
    await over.promise;
    const all = [
      ...secrets,
      ...folderSecrets(opened.house.folder),
      ...opened.server.socketUrl.split('token=').slice(1),
      'an owner wrote this note',
    ];
    const told = frames.join('\n');
    // Nothing can be missed in frames that hold nothing.
    for (const part of ['token.rotated', 'grant.revoked', 'request.rejected', 'token-mismatch', 'node']) {
      expect(told).toContain(part);
    }
    expect(all.length).toBeGreaterThan(18);
    for (const secret of all)
      expect(told.includes(secret), `a secret of ${secret.length} characters`).toBe(false);
    viewer.terminate();
  });
});
