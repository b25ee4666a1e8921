import type { Frame } from '../support/raw-client.ts';
import { idOf, isApproval, type Moment } from './fold.ts';
import { type Call, FOREIGN_MS, isLive, isOpen, type LinkStory } from './link-story.ts';
import type { Oracle } from './oracle.ts';
import { isWithin } from './rights.ts';

/** What a gateway answers to the calls of a session that it let in. */

const SCOPE_OF: Readonly<Record<string, string>> = {
  health: 'operator.read',
  status: 'operator.read',
  'device.pair.list': 'operator.pairing',
  'device.pair.approve': 'operator.pairing',
  'device.pair.reject': 'operator.pairing',
  'device.pair.remove': 'operator.pairing',
  'device.token.rotate': 'operator.pairing',
  'device.token.revoke': 'operator.pairing',
};
/** Decisions after which no socket of the device may be live when they are acknowledged. */
const CUTTING = new Set(['device.pair.remove', 'device.token.rotate', 'device.token.revoke']);

export function checkAnswer(oracle: Oracle, story: LinkStory, frame: Frame): void {
  const call = story.calls.get(frame.id ?? '');
  if (!call) return;
  const { link, process } = story;
  const { method } = call;
  const said = frame.ok ? 'ok' : String(frame.error.message);
  if (method !== 'health') oracle.world.trace.add(process, `-> ${link.name} ${method} ${said}`);
  if (frame.ok) {
    checkMayCall(oracle, story, call);
    if (CUTTING.has(method)) checkCut(oracle, story, call);
    CHECK_RESULT[method]?.(oracle, story, call, frame.payload);
    return checkAcknowledged(oracle, story, call);
  }
  if (said.startsWith('missing scope: '))
    checkMissing(oracle, story, call, said.slice('missing scope: '.length));
  checkDenied(oracle, story, call, frame.error);
}

type ResultCheck = (oracle: Oracle, story: LinkStory, call: Call, payload: Frame['payload']) => void;

const CHECK_RESULT: Readonly<Record<string, ResultCheck>> = {
  'device.pair.list': (...args) => checkList(...args),
  status: (...args) => checkStatus(...args),
  'device.scopes.requestUpgrade': (_, story, { atMs }, { requestId }) =>
    noteUpgrade(story, atMs, idOf(requestId)),
  'device.scopes.waitUpgrade': (oracle, story, _, payload) => checkWaited(oracle, story, payload),
};

/** It asks anew, and may be told anew; the end may have been told before this answer. */
function noteUpgrade(story: LinkStory, askedAtMs: number, id: string): void {
  const toldAtMs = story.resolved.get(id);
  if (toldAtMs === undefined || toldAtMs < askedAtMs) story.waitsFor = id;
  story.resolved.delete(id);
}

/** I18: a call is answered only if the session could have had the right: what is taken away ends when the gateway has
 * heard of it and read the record. Nothing is acknowledged there before that, which `checkCut` holds. */
function checkMayCall(oracle: Oracle, story: LinkStory, { method, atMs }: Call): void {
  const { asked, link } = story;
  const scope = SCOPE_OF[method];
  if (!scope || !asked || asked.deviceId === '') return;
  const mayBe = oracle.wasSo(
    story,
    atMs - FOREIGN_MS,
    0,
    ({ is, grant }: Moment) => is === 'paired' && isWithin([scope], grant),
  );
  oracle.judge('I18', mayBe ? undefined : `${link.name} is answered ${method} without a right to it`, [
    link.name,
    oracle.nameOf(asked.deviceId),
  ]);
}

/** I12: a right that was there from hello on is there. */
function checkMissing(oracle: Oracle, story: LinkStory, { method }: Call, scope: string): void {
  const { asked, answer, helloAtMs, link } = story;
  if (!asked || asked.deviceId === '' || helloAtMs === 0) return;
  const hadIt = isWithin([scope], answer?.payload.auth.scopes ?? []);
  const hasIt =
    hadIt && oracle.always(story, helloAtMs, ({ is, grant }) => is === 'paired' && isWithin([scope], grant));
  oracle.judge('I12', hasIt ? `${link.name} is refused ${method} although it has ${scope}` : undefined, [
    link.name,
    oracle.nameOf(asked.deviceId),
  ]);
}

const DECIDES = /^device\.(pair\.(approve|reject|remove)|token\.|quiet\.)|withdrawUpgrade$/;

/** I7, I10: what is acknowledged is so, and on the disk. */
function checkAcknowledged(oracle: Oracle, story: LinkStory, call: Call): void {
  const about = [story.link.name];
  const own = oracle.decidedBy(story.connId, call.atMs);
  // A repeat beside the first is answered from what the first has committed and not flushed yet (see README.md).
  const isAlone = story.calls.size === 1 && DECIDES.test(call.method);
  const isSafe = !isAlone || own.every(({ seq }) => oracle.disk?.isFlushed(seq) !== false);
  oracle.judge(
    'I10',
    isSafe ? undefined : `${about} is told of a decision that a power cut would undo`,
    about,
  );
  const named: unknown = call.params?.requestId;
  const request = typeof named === 'string' ? oracle.chronicle.requests.get(idOf(named)) : undefined;
  const settled = request?.settled;
  if (call.method === 'device.pair.approve') {
    const isGiven =
      request?.approvals.some((one) => one.request === named) || settled?.outcome === 'superseded';
    const isSo = isGiven || (settled !== undefined && isApproval(settled));
    oracle.judge(
      'I7',
      isSo ? undefined : `${named} is told to be approved, it is ${settled?.outcome}`,
      about,
    );
  }
  if (call.method === 'device.pair.reject') {
    const isSo = settled?.outcome === 'rejected';
    oracle.judge(
      'I7',
      isSo ? undefined : `${named} is told to be rejected, it is ${settled?.outcome}`,
      about,
    );
  }
}

/** I7: what is said not to be decided is not, and another decision is named as it was. I2: an id that was shown stays
 * known. */
function checkDenied(oracle: Oracle, { link, connId }: LinkStory, call: Call, error: Frame['error']): void {
  const about = [link.name];
  const isUntrue =
    /nothing was decided/.test(error.message) && oracle.decidedBy(connId, call.atMs).length > 0;
  oracle.judge(
    'I7',
    isUntrue ? `${link.name} is told that nothing was decided, and it was` : undefined,
    about,
  );
  const named: unknown = call.params?.requestId;
  const request = typeof named === 'string' ? oracle.chronicle.requests.get(idOf(named)) : undefined;
  if (error.details?.code === 'ALREADY_DECIDED') {
    const { outcome } = error.details;
    const really = request?.settled?.outcome;
    oracle.judge(
      'I7',
      outcome === really ? undefined : `${named} is told to be ${outcome}, it is ${really}`,
      about,
    );
  }
  const isUnknown = error.details?.code === 'UNKNOWN_REQUEST' && request !== undefined;
  oracle.judge('I2', isUnknown ? `${named} is unknown, and was shown` : undefined, about);
}

/** I18: when it is acknowledged, nobody of that device and role is live on that gateway. */
function checkCut(oracle: Oracle, story: LinkStory, call: Call): void {
  const { deviceId, role } = call.params as { readonly deviceId: string; readonly role?: string };
  for (const other of oracle.stories.values()) {
    const { asked, link } = other;
    if (other === story || other.link.gateway !== story.link.gateway || asked?.deviceId !== deviceId)
      continue;
    if (role !== undefined && asked.role !== role) continue;
    const isOld =
      isLive(other) && other.calls.size === 0 && other.helloCuts < oracle.chronicle.now(asked.key).cuts;
    oracle.judge('I18', isOld ? `${link.name} is live after ${call.method} was acknowledged` : undefined, [
      link.name,
      oracle.nameOf(deviceId),
    ]);
  }
}

type Row = Frame['payload'];

function checkList(oracle: Oracle, story: LinkStory, call: Call, list: Frame['payload']): void {
  if (story.asked?.deviceId !== '') return;
  const paired = new Map<string, Row>();
  for (const row of list.paired) {
    oracle.judge(
      'I15',
      paired.has(row.deviceId) ? `${oracle.nameOf(row.deviceId)} is listed twice` : undefined,
    );
    paired.set(row.deviceId, row);
  }
  const pending = new Map<string, Row>();
  for (const row of list.pending) {
    const key = `${row.deviceId} ${row.role}`;
    oracle.judge('I1', pending.has(key) ? `${oracle.nameOf(row.deviceId)} is pending twice` : undefined);
    pending.set(key, row);
    // A node asks for no scope: without standing it asks for the pairing itself.
    const isPhantom = paired.get(row.deviceId)?.roles.includes(row.role) && row.missing.length === 0;
    oracle.judge('I17', isPhantom ? `${row.requestId} is listed and asks for nothing` : undefined);
  }
  for (const key of oracle.chronicle.keys()) checkListed(oracle, key, call.atMs, { paired, pending });
}

/** I15: a device that was there all the time is there; what is pending is pending. */
function checkListed(
  oracle: Oracle,
  key: string,
  sinceMs: number,
  {
    paired,
    pending,
  }: { readonly paired: ReadonlyMap<string, Row>; readonly pending: ReadonlyMap<string, Row> },
): void {
  const all = oracle.chronicle.since(key, sinceMs);
  const [deviceId = ''] = key.split(' ');
  const name = oracle.nameOf(deviceId);
  const isGone = all.every(({ is }) => is === 'paired') && !paired.has(deviceId);
  oracle.judge('I15', isGone ? `${name} is paired and not listed` : undefined, [name]);
  const open = all[0]?.open;
  if (!open || all.some((moment) => moment.open?.id !== open.id) || pending.has(key)) return;
  // What is past its time is not shown, also when nothing has settled it yet.
  const lastMs = oracle.chronicle.requests.get(open.id)?.lastAskedMs ?? 0;
  const isOld = lastMs + oracle.terms.lifetimeMs * 0.75 - 70_000 < oracle.world.wallMs;
  oracle.judge('I15', isOld ? undefined : `${name} waits and is not listed`, [name]);
}

/** Every counter says what the wire says, at the moment in which the call came. */
function checkStatus(oracle: Oracle, story: LinkStory, call: Call, { connections }: Frame['payload']): void {
  const here = [...oracle.stories.values()].filter(({ link }) => link.gateway === story.link.gateway);
  const known = here.filter(({ link }) => !link.isGone);
  const live = known.filter(isLive);
  const held = known.filter((one) => one.parkedAtMs > 0 && isOpen(one));
  const { open, parked } = connections;
  // The answer took a moment in which sockets came and went; it may differ by those only.
  const { world } = oracle;
  const isQuick = world.nowMs === call.atMs;
  const about = [story.link.name];
  oracle.judge(
    'status',
    isQuick && open < live.length ? `status has ${open} open, ${live.length} are live` : undefined,
    about,
  );
  oracle.judge('status', isQuick && parked > here.length ? `status has ${parked} parked` : undefined, about);
  oracle.judge(
    'status',
    isQuick && connections.live > live.length
      ? `status has ${connections.live} live, the wire ${live.length}`
      : undefined,
    about,
  );
  oracle.judge(
    'status',
    isQuick && parked < held.length ? `status has ${parked} parked, the wire ${held.length}` : undefined,
    about,
  );
}

/** I6: `waitUpgrade` says what came of the request. */
function checkWaited(oracle: Oracle, { link }: LinkStory, { requestId, details }: Frame['payload']): void {
  const request = oracle.chronicle.requests.get(idOf(requestId));
  const really = request?.settled?.outcome;
  const isSo =
    details.outcome === really || (!really && ['approved', 'superseded'].includes(details.outcome));
  oracle.judge(
    'I6',
    isSo ? undefined : `${link.name} is told ${requestId} is ${details.outcome}, it is ${really}`,
    [link.name],
  );
}
