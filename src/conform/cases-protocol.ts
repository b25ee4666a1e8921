import type { Case } from './case.ts';
import { type Challenge, connectParams } from './device.ts';
import { Unreachable } from './peer.ts';
import { PROGRAM, READ, type Scene } from './scene.ts';
import { type Headers, REMOTE_ADDRESS } from './target.ts';

const CLOSED_MS = 5000;
/** 2026.9 takes 64 KiB of a peer that has proved nothing; this is four times as much, and no client needs it. */
const OVERSIZED_BYTES = 256 * 1024;

const firstFrame: Case = {
  id: 'protocol-first-frame',
  invariant: 'protocol',
  title: 'nothing but connect opens a socket',
  expected: 'A first frame that is no connect is refused, and its socket closed.',
  async run(scene) {
    const frames = [
      ['text that is not JSON', 'hello'],
      ['a method call', JSON.stringify({ type: 'req', id: '1', method: 'device.pair.list', params: {} })],
      ['a response', JSON.stringify({ type: 'res', id: '1', ok: true })],
    ] as const;
    for (const [what, text] of frames) {
      const peer = await scene.socket(scene.device());
      await peer.event('connect.challenge');
      peer.sendText(text, what);
      const closed = await peer.close(CLOSED_MS);
      scene.expect(closed !== undefined, `the socket stays open after ${what}`);
      scene.expect(!peer.frames.some(({ ok }) => ok === true), `${what} was answered with success`);
    }
    scene.saw('all three were refused and closed');
  },
};

const nonceReplay: Case = {
  id: 'protocol-nonce-replay',
  invariant: 'protocol',
  title: 'a signed connect works on its own socket only',
  expected: 'A connect that was signed for another challenge is refused, although its signature is genuine.',
  async run(scene) {
    const { device } = await scene.paired(READ);
    const [first, second] = [await scene.socket(device), await scene.socket(device)];
    const challenge = await first.event('connect.challenge');
    await second.event('connect.challenge');
    const ask = {
      device,
      role: 'operator',
      scopes: READ,
      auth: scene.target.shared,
      program: PROGRAM,
    } as const;
    const signed = connectParams(ask, challenge?.payload as unknown as Challenge, scene.target.protocol);
    const answer = await second.call('connect', signed);
    scene.expect(answer?.ok !== true, 'the connect of another socket was let in');
    const { device: claim, ...rest } = signed;
    const { nonce, ...without } = claim as { readonly nonce: string };
    const third = await scene.socket(device);
    await third.event('connect.challenge');
    const bare = await third.call('connect', { ...rest, device: without });
    scene.expect(bare?.ok !== true, 'a connect without a nonce was let in');
    scene.saw(`refused: ${answer?.error?.message ?? second.closed?.reason ?? 'closed'}`);
  },
};

const wrongKey: Case = {
  id: 'protocol-key-and-id',
  invariant: 'protocol',
  title: 'a device id belongs to its key',
  expected: "A connect in another device's name is refused, whichever of key, id and signature is false.",
  async run(scene) {
    const { device } = await scene.paired(READ);
    const thief = scene.device();
    const forgeries = [
      ['its id with another key', { ...thief, id: device.id }],
      ['its id and key with the signature of another', { ...device, sign: thief.sign }],
    ] as const;
    for (const [what, forged] of forgeries) {
      const attempt = await scene.ask(forged, READ);
      scene.expect(attempt.end === 'refused' || attempt.end === 'silent', `let in with ${what}`);
      scene.saw(`${what}: ${attempt.message}`);
    }
  },
};

const oversized: Case = {
  id: 'protocol-preauth-size',
  invariant: 'protocol',
  title: 'a stranger cannot make it read much',
  expected: 'A first frame of 256 KiB is not read: the socket is closed (1009) before anything is answered.',
  async run(scene) {
    const device = scene.device();
    const peer = await scene.socket(device);
    const challenge = await peer.event('connect.challenge');
    const ask = { device, role: 'operator', scopes: READ, auth: {}, program: PROGRAM } as const;
    const params = connectParams(ask, challenge?.payload as unknown as Challenge, scene.target.protocol);
    const frame = { type: 'req', id: '1', method: 'connect', params: { ...params, userAgent: '' } };
    frame.params.userAgent = 'x'.repeat(OVERSIZED_BYTES);
    peer.sendText(JSON.stringify(frame), 'a connect of 256 KiB, without any credential');
    const answer = await peer.response('1', CLOSED_MS);
    scene.expect(answer === undefined, 'it was read and answered, although its sender has proved nothing');
    scene.expect((await peer.close(CLOSED_MS)) !== undefined, 'the socket stays open');
    scene.saw(`closed ${peer.closed?.code ?? '-'} ${peer.closed?.reason ?? ''}`.trim());
  },
};

const twoConnects: Case = {
  id: 'protocol-two-connects',
  invariant: 'protocol',
  title: 'one socket, one connect',
  expected: 'Of two connects sent at once on one socket at most one is let in.',
  async run(scene) {
    const { device } = await scene.paired(READ);
    const peer = await scene.socket(device);
    const challenge = await peer.event('connect.challenge');
    const ask = {
      device,
      role: 'operator',
      scopes: READ,
      auth: scene.target.shared,
      program: PROGRAM,
    } as const;
    const params = connectParams(ask, challenge?.payload as unknown as Challenge, scene.target.protocol);
    const ids = [peer.send('connect', params), peer.send('connect', params)];
    const answers = await Promise.all(ids.map((id) => peer.response(id, CLOSED_MS)));
    const greeted = answers.filter((answer) => answer?.ok === true).length;
    scene.expect(greeted <= 1, 'both were let in');
    scene.saw(`${greeted} let in`);
  },
};

/** Each says that a proxy, or a page in a browser, stands between: then loopback says nothing (I14). */
const FORWARDED: readonly Headers[] = [
  { 'x-forwarded-for': REMOTE_ADDRESS },
  { forwarded: `for=${REMOTE_ADDRESS}` },
  { 'x-real-ip': REMOTE_ADDRESS },
  { 'cf-connecting-ip': REMOTE_ADDRESS },
  { via: '1.1 proxy' },
  { origin: 'https://page.example' },
];

const locality: Case = {
  id: 'I14-forwarded',
  invariant: 'I14',
  title: 'who comes through a proxy or a page is not local',
  expected: 'A new device is not let in as local when a forwarding header or an Origin says otherwise.',
  async run(scene) {
    scene.need(scene.target.isLoopback, 'only a gateway on loopback can take this program for local');
    const plain = await scene.ask(scene.device(), READ, { headers: {} });
    const isOpen = plain.end === 'let-in' && plain.missing.length === 0;
    scene.need(isOpen, 'it lets no new device in by itself, be it local or not');
    for (const headers of FORWARDED) await throughProxy(scene, headers);
    scene.saw('a local device is let in by itself, none of those that are forwarded');
  },
};

async function throughProxy(scene: Scene, headers: Headers): Promise<void> {
  const attempt = await scene.ask(scene.device(), READ, { headers }).catch((error) => {
    // Refused before the upgrade.
    if (error instanceof Unreachable) return null;
    throw error;
  });
  if (attempt === null) return;
  const { end, missing, peer } = attempt;
  const [name = ''] = Object.keys(headers);
  scene.expect(end !== 'let-in' || missing.length > 0, `with ${name} a new device was let in as local`);
  peer.end();
}

export const PROTOCOL_CASES: readonly Case[] = [
  firstFrame,
  nonceReplay,
  wrongKey,
  oversized,
  twoConnects,
  locality,
];
