import type { Attempt } from './attempt.ts';
import type { Case } from './case.ts';
import type { Throwaway } from './device.ts';
import type { Answer, Owner } from './owner.ts';
import { BOTH, READ, type Scene } from './scene.ts';

/** The gateway has acknowledged: what is not closed by then stays open. */
const CLOSED_MS = 1500;

interface Ending {
  readonly session: Attempt;
  readonly answer: Answer;
  /** Why the session was closed, in the gateway's words; undefined when it is open. */
  readonly reason: string | undefined;
}

/** A live session, and what a decision of the owner does to it. */
async function decideOn(
  scene: Scene,
  decide: (owner: Owner, device: Throwaway) => Promise<Answer>,
): Promise<Ending> {
  const { device } = await scene.paired(BOTH);
  const session = await scene.ask(device, BOTH);
  const answer = await decide(await scene.owner(), device);
  const closed = await session.peer.close(CLOSED_MS);
  return { session, answer, reason: closed && `${closed.code} ${closed.reason}` };
}

function live(id: string, what: string, decide: (owner: Owner, device: Throwaway) => Promise<Answer>): Case {
  return {
    id,
    invariant: 'I18',
    title: `${what} ends the live session`,
    expected: `When ${what} is acknowledged, the live session of the device is closed.`,
    async run(scene) {
      const { answer, reason } = await decideOn(scene, decide);
      scene.need(answer.ok, `it is refused: ${answer.message}`);
      scene.expect(reason !== undefined, `the session was still open ${CLOSED_MS} ms after it`);
      scene.saw(`closed: ${reason}`);
    },
  };
}

const narrowing: Case = {
  id: 'I18-narrowed',
  invariant: 'I18',
  title: 'a rotation to fewer scopes reaches the live session',
  expected: 'When the rotation is acknowledged, the live session is closed, or has lost what was taken.',
  async run(scene) {
    const { device } = await scene.paired(['operator.pairing', 'operator.read']);
    const session = await scene.ask(device, ['operator.pairing', 'operator.read']);
    const answer = await (await scene.owner()).rotate(device.id, READ);
    scene.need(answer.ok, `it is refused: ${answer.message}`);
    const closed = await session.peer.close(CLOSED_MS);
    const used = closed ? undefined : await session.peer.call('device.pair.list', {});
    scene.expect(used?.ok !== true, 'the session still manages devices, which the rotation took from it');
    scene.saw(closed ? `closed: ${closed.code} ${closed.reason}` : 'narrowed in place');
  },
};

const rotationIsNoRemoval: Case = {
  id: 'I6-rotated',
  invariant: 'I6',
  title: 'a rotation is not told as a removal',
  expected: 'A session that a rotation closes is not told that its device was removed or revoked.',
  async run(scene) {
    const { answer, reason } = await decideOn(scene, (owner, { id }) => owner.rotate(id, READ));
    scene.need(answer.ok, `a rotation is refused: ${answer.message}`);
    scene.need(reason !== undefined, 'a rotation closes no session');
    scene.expect(!/removed|revoked/i.test(reason ?? ''), `its session was closed with ${reason}`);
    scene.saw(`closed: ${reason}`);
  },
};

export const SESSION_CASES: readonly Case[] = [
  live('I18-revoked', 'a revocation', (owner, { id }) => owner.revoke(id)),
  live('I18-removed', 'a removal', (owner, { id }) => owner.remove(id)),
  narrowing,
  rotationIsNoRemoval,
];
