import { covers } from '../../machines/policy.ts';
import type { Case } from './case.ts';
import type { Throwaway } from './device.ts';
import { APPROVALS, type Asking, BOTH, PAIRING, READ, type Scene } from './scene.ts';

const MANAGER = ['operator.pairing', 'operator.read'];
const WIDER = ['operator.approvals', 'operator.pairing', 'operator.read'];

const keptGrant: Case = {
  id: 'I4-kept',
  invariant: 'I4',
  title: 'a rotation that names no scopes keeps them',
  expected: 'After a rotation without scopes the device is let in with what it had.',
  async run(scene) {
    const { device } = await scene.paired(BOTH);
    const { ok, message } = await (await scene.owner()).rotate(device.id, null);
    scene.expect(ok, `the rotation was refused: ${message}`);
    const { connects, last } = await scene.enter(device, BOTH, 2);
    scene.expect(last.missing.length === 0, `after it the device lacks ${last.missing.join(' ')}`);
    scene.saw(`let in at connect ${connects} with the same scopes`);
  },
};

const narrowed: Case = {
  id: 'I4-narrowed',
  invariant: 'I4',
  title: 'what a rotation took does not come back by connecting',
  expected: 'After a rotation to fewer scopes no connect with the shared secret brings the others back.',
  async run(scene) {
    const { device } = await scene.paired(BOTH);
    const { ok, message } = await (await scene.owner()).rotate(device.id, READ);
    scene.need(ok, `a rotation to fewer scopes is refused: ${message}`);
    await bringsBack(scene, device);
    const { last } = await scene.enter(device, READ, 2);
    scene.expect(last.missing.length === 0, 'it is not let in with what the rotation left');
    scene.saw('the rest stays taken');
  },
};

/** As a local client where that is possible, before a request of the remote one waits that would change the answer. */
const places = ({ target }: Scene): readonly Asking['headers'][] =>
  target.isLoopback ? [{}, undefined] : [undefined];

/** Connects with the shared secret, and as a local client where that is possible. */
async function bringsBack(scene: Scene, device: Throwaway): Promise<void> {
  for (const headers of places(scene)) {
    const where = headers === undefined ? '' : ' as a local client';
    const { missing, peer } = await scene.ask(device, BOTH, headers && { headers });
    const isBack = !missing.includes('operator.approvals');
    scene.expect(!isBack, `a connect with the shared secret${where} has operator.approvals again`);
    peer.end();
  }
  const granted = (await scene.grantOf(device)) ?? [];
  scene.expect(!covers(granted, APPROVALS), 'the list shows operator.approvals again');
}

const beyondApproval: Case = {
  id: 'I4-widened',
  invariant: 'I4',
  title: 'a rotation gives nothing that nobody approved',
  expected: 'A rotation to scopes beyond what was approved is refused, and the device does not get them.',
  async run(scene) {
    const { device } = await scene.paired(READ);
    const { ok } = await (await scene.owner()).rotate(device.id, BOTH);
    scene.expect(!ok, 'the rotation was carried out');
    scene.saw('refused');
    if (!ok) return;
    const attempt = await scene.ask(device, BOTH);
    scene.expect(attempt.missing.includes('operator.approvals'), 'the device uses operator.approvals now');
  },
};

const oldGrant: Case = {
  id: 'I12-grant',
  invariant: 'I12',
  title: 'the old rights work while more is asked for',
  expected: 'While its upgrade waits, a device is let in with what it has, and a live session goes on.',
  async run(scene) {
    const { device } = await scene.paired(READ);
    const session = await scene.ask(device, READ);
    (await scene.ask(device, BOTH)).peer.end();
    scene.need((await scene.requestsOf(device)).length > 0, 'it opens no request for more');
    const again = await scene.ask(device, READ);
    scene.expect(again.missing.length === 0, `a connect for what it has is refused: ${again.message}`);
    scene.expect(session.peer.isOpen, 'the live session was closed');
    scene.saw('let in with the old rights, the session goes on');
  },
};

const oldToken: Case = {
  id: 'I12-token',
  invariant: 'I12',
  title: 'an approval does not end the token that the device has',
  expected:
    'A device that knows only its own token is let in with it before and after an upgrade is approved.',
  async run(scene) {
    const { device, token } = await scene.paired(READ);
    scene.need(token !== null, 'its hello gives no device token');
    const auth = scene.tokenOnly(token ?? '');
    const before = await scene.ask(device, READ, { auth });
    scene.need(before.missing.length === 0, `the token alone is refused: ${before.message}`);
    const more = await scene.ask(device, BOTH);
    more.peer.end();
    await scene.approved((await scene.open(device, more)).requestId);
    const after = await scene.ask(device, READ, { auth });
    scene.expect(after.missing.length === 0, `after the approval its token is refused: ${after.message}`);
    scene.saw('the token works before and after');
  },
};

const tokenAsksMore: Case = {
  id: 'I3-token-asks',
  invariant: 'I3',
  title: 'a device that has only its token can ask for more',
  expected: 'Its connect opens a request that an owner can approve, and it gets in after that.',
  async run(scene) {
    const { device, token } = await scene.paired(READ);
    scene.need(token !== null, 'its hello gives no device token');
    const auth = scene.tokenOnly(token ?? '');
    const more = await scene.ask(device, BOTH, { auth });
    const row = await scene.row(device);
    scene.expect(row !== undefined, `it is refused, and no request is opened: ${more.message}`);
    if (!row) return;
    await scene.approved(row.requestId);
    const { connects, last } = await scene.enter(device, BOTH, 2, { auth });
    scene.expect(last.missing.length === 0, `approved, and not let in: ${last.message}`);
    scene.saw(`asked, approved, let in at connect ${connects}`);
  },
};

const selfApproval: Case = {
  id: 'I11-self',
  invariant: 'I11',
  title: 'a device does not approve its own upgrade',
  expected: 'A device with operator.pairing is denied when it approves its own request for more.',
  async run(scene) {
    const { device, token } = await scene.paired(MANAGER);
    const more = await scene.ask(device, WIDER);
    const { requestId } = await scene.open(device, more);
    const ways = [
      ['the shared secret', scene.target.shared],
      ['its own token', scene.tokenOnly(token ?? '')],
    ] as const;
    for (const [with_, auth] of ways) {
      const session = await scene.ask(device, MANAGER, { auth });
      if (session.end !== 'let-in') continue;
      const answer = await session.peer.call('device.pair.approve', { requestId });
      scene.expect(answer?.ok !== true, `connected with ${with_} it approved its own request`);
      scene.saw(`with ${with_}: ${answer?.error?.message ?? 'denied'}`);
    }
  },
};

const beyondCaller: Case = {
  id: 'I11-beyond',
  invariant: 'I11',
  title: 'nobody gives what they do not have',
  expected: 'A device with operator.pairing alone is denied when it approves operator.admin for another.',
  async run(scene) {
    const { device: manager } = await scene.paired(PAIRING);
    const { device, requestId, attempt } = await scene.waiting(['operator.admin']);
    attempt.peer.end();
    const session = await scene.ask(manager, PAIRING);
    scene.need(session.end === 'let-in', `a device with operator.pairing is not let in: ${session.message}`);
    const answer = await session.peer.call('device.pair.approve', { requestId });
    scene.expect(answer?.ok !== true, 'it gave operator.admin away');
    const granted = (await scene.grantOf(device)) ?? [];
    scene.expect(!covers(granted, ['operator.admin']), 'the other device has operator.admin');
    scene.saw(`denied: ${answer?.error?.message ?? ''}`);
  },
};

const revoked: Case = {
  id: 'I16-revoked',
  invariant: 'I16',
  title: 'revoked stays revoked',
  expected:
    'After a revocation no connect with the shared secret lets the device in again, as local neither.',
  async run(scene) {
    const { device, token } = await scene.paired(READ);
    const { ok, message } = await (await scene.owner()).revoke(device.id);
    scene.need(ok, `a token cannot be revoked: ${message}`);
    for (const headers of places(scene)) {
      const where = headers === undefined ? '' : ', as a local client';
      const { end, peer } = await scene.ask(device, READ, headers && { headers });
      scene.expect(end !== 'let-in', `the next connect with the shared secret${where}, undid the revocation`);
      peer.end();
    }
    if (token !== null) {
      const { end } = await scene.ask(device, READ, { auth: scene.tokenOnly(token) });
      scene.expect(end !== 'let-in', 'its revoked token lets it in');
    }
    scene.saw('nothing but an approval lets it in');
  },
};

export const RIGHTS_CASES: readonly Case[] = [
  keptGrant,
  narrowed,
  beyondApproval,
  tokenAsksMore,
  selfApproval,
  beyondCaller,
  oldGrant,
  oldToken,
  revoked,
];
