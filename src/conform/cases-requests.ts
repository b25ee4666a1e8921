import { covers } from '../../machines/policy.ts';
import { keepsWaiting } from './attempt.ts';
import type { Case } from './case.ts';
import { APPROVALS, BOTH, READ, rowsOf, type Scene } from './scene.ts';

const RETRIES = 6;
const SILENCE_MS = 400;

const retries: Case = {
  id: 'I1-retries',
  invariant: 'I1',
  title: 'one request, however often a device comes back',
  expected: 'A device that asks for the same again has one open request, and its id stays.',
  async run(scene) {
    const { device, requestId, attempt } = await scene.waiting(READ);
    attempt.peer.end();
    const ids = new Set([requestId]);
    for (let retry = 1; retry < RETRIES; retry++) {
      const again = await scene.ask(device, READ);
      if (again.requestId) ids.add(again.requestId);
      again.peer.end();
    }
    const atOnce = await Promise.all(Array.from({ length: 4 }, () => scene.ask(device, READ)));
    for (const { requestId: id } of atOnce) if (id) ids.add(id);
    const rows = await scene.requestsOf(device);
    for (const row of rows) ids.add(row.requestId);
    scene.expect(rows.length === 1, `${rows.length} requests are open after ${RETRIES + 4} connects`);
    scene.expect(
      ids.size === 1,
      `${ids.size} ids were shown for one and the same wish: ${[...ids].join(' ')}`,
    );
    scene.saw(`${RETRIES + 4} connects, 1 request, 1 id`);
  },
};

const shownIds: Case = {
  id: 'I1-ids-stay',
  invariant: 'I1',
  title: 'an id that an owner was shown can be approved',
  expected:
    'Two programs of one device ask for different scopes in turn; the id of the first list still works.',
  async run(scene) {
    const { device, attempt } = await scene.waiting(READ);
    attempt.peer.end();
    const shown = (await scene.row(device))?.requestId ?? '';
    for (const scopes of [APPROVALS, READ, APPROVALS]) (await scene.ask(device, scopes)).peer.end();
    const { ok, message } = await (await scene.owner()).approve(shown);
    scene.expect(ok, `the id that was listed is refused: ${message}`);
    scene.saw('the listed id was approved after three other connects');
  },
};

const widening: Case = {
  id: 'I2-widening',
  invariant: 'I2',
  title: 'an approval gives what the owner saw, not what came since',
  expected: 'A request widens after it was listed; approving the listed id gives what was listed, no more.',
  async run(scene) {
    const { device, requestId, attempt } = await scene.waiting(READ);
    attempt.peer.end();
    (await scene.ask(device, BOTH)).peer.end();
    await approveAndLook(scene, { device, requestId });
    const wider = await scene.ask(device, BOTH);
    scene.expect(wider.missing.includes('operator.approvals'), 'it is let in with what nobody approved');
    scene.expect((await scene.requestsOf(device)).length === 1, 'the rest of its wish waits in no request');
    scene.saw('the listed part was given, the rest waits');
  },
};

type Seen = Pick<Awaited<ReturnType<Scene['waiting']>>, 'device' | 'requestId'>;

/** Approves what an owner saw while it asked for READ only. */
async function approveAndLook(scene: Scene, { device, requestId }: Seen): Promise<void> {
  const owner = await scene.owner();
  const open = await scene.row(device);
  const { ok, message } = await owner.approve(requestId);
  const left = open ? `; what can be approved now is ${open.requestId} for ${open.scopes.join(' ')}` : '';
  scene.expect(ok, `what the owner saw cannot be approved any more: ${message}${ok ? '' : left}`);
  const granted = (await scene.grantOf(device)) ?? [];
  const beyond = granted.filter((scope) => !covers(READ, [scope]));
  scene.expect(beyond.length === 0, `the approval of operator.read gave ${beyond.join(' ')} as well`);
  if (!ok) return;
  const { last } = await scene.enter(device, READ, 2);
  scene.expect(last.missing.length === 0, 'the approval did not give operator.read');
}

const incomparable: Case = {
  id: 'I2-union',
  invariant: 'I2',
  title: "two programs' wishes are not approved as one unseen",
  expected:
    'A second program asks for something else; the owner can still approve what the first one asked for.',
  async run(scene) {
    const { device, requestId, attempt } = await scene.waiting(READ);
    attempt.peer.end();
    (await scene.ask(device, APPROVALS)).peer.end();
    await approveAndLook(scene, { device, requestId });
    scene.saw('only what was named was given');
  },
};

const released: Case = {
  id: 'I3-released',
  invariant: 'I3',
  title: 'after the approval the device gets in, and asks for nothing again',
  expected: 'The waiting socket is answered, or one of the next two connects is let in, with no new request.',
  async run(scene) {
    const { device, requestId, attempt } = await scene.waiting(READ);
    await scene.approved(requestId);
    const onSocket = await attempt.peer.response(attempt.connectId);
    if (attempt.end === 'held') {
      scene.expect(onSocket?.ok === true, 'the waiting socket was not let in');
    }
    const { connects, last } = await scene.enter(device, READ, 2);
    scene.expect(last.missing.length === 0, `not let in after ${connects} connects: ${last.message}`);
    scene.expect((await scene.requestsOf(device)).length === 0, 'a request is open after the approval');
    scene.saw(attempt.end === 'held' ? 'let in on the waiting socket' : `let in at connect ${connects}`);
  },
};

const toldToWait: Case = {
  id: 'I5-told',
  invariant: 'I5',
  title: 'who must wait is held, or told to come back',
  expected:
    'A connect that waits for an owner is held open, or refused with wait_then_retry; it is answered once.',
  async run(scene) {
    const { attempt, requestId } = await scene.waiting(READ);
    const saidBefore = attempt.message;
    scene.expect(keepsWaiting(attempt), `it is refused without a word on coming back: ${saidBefore}`);
    await (await scene.owner()).reject(requestId);
    await attempt.peer.close(3000);
    const answers = attempt.peer.frames.filter(({ type, id }) => type === 'res' && id === attempt.connectId);
    scene.expect(answers.length === 1, `its connect was answered ${answers.length} times`);
    scene.expect(answers[0]?.ok !== true, 'it was let in although it was rejected');
    scene.saw(attempt.end === 'held' ? 'held, and told the decision on its socket' : 'told to come back');
  },
};

const superseded: Case = {
  id: 'I6-superseded',
  invariant: 'I6',
  title: 'a request that changes is not announced as rejected',
  expected: 'When a wish changes, or its device is removed, no owner hears that somebody rejected it.',
  async run(scene) {
    const owner = await scene.owner();
    const { device, attempt } = await scene.waiting(READ);
    attempt.peer.end();
    (await scene.ask(device, BOTH)).peer.end();
    (await scene.ask(device, APPROVALS)).peer.end();
    const { device: gone } = await scene.paired(READ);
    (await scene.ask(gone, BOTH)).peer.end();
    await owner.remove(gone.id);
    // One more answer on the connection: all that was announced before it has come.
    await owner.list();
    for (const [what, one] of [
      ['changed', device],
      ['removed', gone],
    ] as const) {
      const told = (await scene.heard('device.pair.resolved', one)).map(({ decision }) => String(decision));
      scene.expect(!told.includes('rejected'), `a request that was ${what} was announced as rejected`);
    }
    scene.saw('nothing was announced as rejected');
  },
};

const coalesced: Case = {
  id: 'I8-one-notice',
  invariant: 'I8',
  title: 'retries make no notices and no log lines',
  expected: `${RETRIES} connects with one wish: one notice to the owner, one line in the log, where that can be read.`,
  async run(scene) {
    await scene.owner();
    const { device } = await scene.paired(READ);
    const before = (await scene.heard('device.pair.requested', device)).length;
    for (let retry = 0; retry < RETRIES; retry++) (await scene.ask(device, BOTH)).peer.end();
    scene.need((await scene.requestsOf(device)).length > 0, 'it opens no request for more');
    const notices = (await scene.heard('device.pair.requested', device)).length - before;
    scene.expect(notices === 1, `${notices} notices for one request`);
    const lines = await logLines(scene, device.id);
    scene.expect(lines === null || lines <= 1, `${lines} lines in the log for one request`);
    const read = lines === null ? 'it offers no log to read' : `${lines} log lines`;
    scene.saw(`${RETRIES} connects, ${notices} notice, ${read}`);
  },
};

/** How often the gateway has written down that this device asks for more; null where it offers nothing to read. */
async function logLines(scene: Scene, deviceId: string): Promise<number | null> {
  const owner = await scene.owner();
  const history = await owner.call('device.history', { deviceId });
  if (history.ok && Array.isArray(history.payload.events)) {
    const asked = history.payload.events.filter((event) => /^request\.(opened|widened)$/.test(event.type));
    // The first one is that of its pairing.
    return asked.length - 1;
  }
  const log = await owner.call('logs.tail', { limit: 500, maxBytes: 500_000 });
  if (!log.ok || !Array.isArray(log.payload.lines)) return null;
  const lines = log.payload.lines.map(String).filter((line) => line.includes(deviceId));
  return lines.filter((line) => line.includes('access upgrade requested') && line.includes('scope-upgrade'))
    .length;
}

const declined: Case = {
  id: 'I13-declined',
  invariant: 'I13',
  title: 'declined stays declined for a while',
  expected: 'After a rejection the same wish is refused at once, and opens no new request.',
  async run(scene) {
    const { device, requestId, attempt } = await scene.waiting(READ);
    attempt.peer.end();
    const { ok, message } = await (await scene.owner()).reject(requestId);
    scene.need(ok, `a request cannot be rejected: ${message}`);
    const again = await scene.ask(device, READ);
    await again.peer.close(SILENCE_MS);
    scene.expect(again.end !== 'let-in' || again.missing.length > 0, 'it was let in after the rejection');
    const rows = rowsOf(await scene.list(), device);
    scene.expect(rows.length === 0, `the next connect opened request ${rows[0]?.requestId} for the same`);
    scene.saw(`refused: ${again.message}`);
  },
};

export const REQUEST_CASES: readonly Case[] = [
  retries,
  shownIds,
  widening,
  incomparable,
  released,
  toldToWait,
  superseded,
  coalesced,
  declined,
];
