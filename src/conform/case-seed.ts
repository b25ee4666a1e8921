import { keepsWaiting } from './attempt.ts';
import type { Case } from './case.ts';
import type { Throwaway } from './device.ts';
import type { Scene } from './scene.ts';

const BUNDLE = ['operator.admin', 'operator.approvals', 'operator.pairing'];
const MANAGE = ['operator.approvals', 'operator.pairing'];
const NEEDED = ['operator.read', 'operator.write'];
const ATTEMPTS = 5;
const CLI = { id: 'cli', mode: 'cli' } as const;

interface Loop {
  readonly ids: ReadonlySet<string>;
  /** How many connects ended without a word on coming back. */
  readonly thrownOff: number;
  /** How many got all that they asked for. */
  readonly letIn: number;
}

/** The device's program asks again and again. */
async function loop(scene: Scene, device: Throwaway): Promise<Loop> {
  const ids = new Set<string>();
  let [thrownOff, letIn] = [0, 0];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const asked = await scene.ask(device, NEEDED);
    if (asked.end !== 'let-in' && !keepsWaiting(asked)) thrownOff += 1;
    if (asked.missing.length === 0) letIn += 1;
    asked.peer.end();
    for (const { requestId } of await scene.requestsOf(device)) ids.add(requestId);
  }
  return { ids, thrownOff, letIn };
}

const seed: Case = {
  id: 'seed-21688',
  invariant: 'seed',
  title: 'openclaw/openclaw#21688: rotated, refused, back every second',
  expected:
    'operator.admin covers read and write; once it is rotated away there is one request, a client that waits, a working command line, and one approval that ends it.',
  async run(scene) {
    const { device } = await scene.paired(BUNDLE);
    const asAdmin = await scene.ask(device, NEEDED);
    scene.expect(
      asAdmin.missing.length === 0,
      'a device that holds operator.admin is refused read and write',
    );
    asAdmin.peer.end();
    const { ok, message } = await (await scene.owner()).rotate(device.id, MANAGE);
    scene.need(ok, `a rotation is refused: ${message}`);
    const { ids, thrownOff, letIn } = await loop(scene, device);
    scene.expect(letIn === 0, `${letIn} of ${ATTEMPTS} connects were given what the rotation had taken`);
    if (letIn === ATTEMPTS) return;
    scene.expect(ids.size === 1, `${ids.size} requests in ${ATTEMPTS} connects`);
    scene.expect(
      thrownOff === 0,
      `${thrownOff} of ${ATTEMPTS} connects were thrown off without a word on waiting`,
    );
    const command = await scene.ask(device, BUNDLE, { program: CLI });
    const works = command.end === 'let-in' && (await command.peer.call('device.pair.list', {}))?.ok === true;
    scene.expect(works, `its own command line is refused: ${command.message}`);
    const row = await scene.row(device);
    if (!row) return scene.expect(false, 'nothing waits for an owner');
    await scene.approved(row.requestId);
    const { connects, last } = await scene.enter(device, NEEDED, 2);
    scene.expect(last.missing.length === 0, `approved, and still refused: ${last.message}`);
    scene.expect((await scene.requestsOf(device)).length === 0, 'the approval left a request');
    scene.saw(`1 request, held or told to wait, let in at connect ${connects} after the approval`);
  },
};

export const SEED_CASES: readonly Case[] = [seed];
