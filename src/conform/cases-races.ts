import { setTimeout as pause } from 'node:timers/promises';
import { answered, attempt } from './attempt.ts';
import type { Case } from './case.ts';
import type { Throwaway } from './device.ts';
import type { List, Owner } from './owner.ts';
import { BOTH, isPhantom, PROGRAM, READ, rowsOf, type Scene, type Waiting } from './scene.ts';

const RACES = 5;

const twoDeciders: Case = {
  id: 'I7-two-deciders',
  invariant: 'I7',
  title: 'of two decisions at once one stands, and the other is told',
  expected: 'Approve and reject at the same moment: one succeeds, the other is told what was decided.',
  async run(scene) {
    const [one, other] = [await scene.owner(), await scene.anotherOwner()];
    for (let race = 0; race < RACES; race++) {
      const { requestId, attempt } = await scene.waiting(READ);
      const [approval, rejection] = await Promise.all([one.approve(requestId), other.reject(requestId)]);
      attempt.peer.end();
      scene.expect(
        approval.ok !== rejection.ok,
        approval.ok ? 'both were told success' : 'neither succeeded',
      );
      const loser = approval.ok ? rejection : approval;
      scene.expect(!/unknown/i.test(loser.message), `the slower one was told "${loser.message}"`);
      if (race === 0) scene.saw(`the slower one: ${loser.message}`);
    }
  },
};

const decidedTwice: Case = {
  id: 'I7-again',
  invariant: 'I7',
  title: 'the same decision again is the same success',
  expected: 'A second approval of an approved request, or rejection of a rejected one, succeeds again.',
  async run(scene) {
    const owner = await scene.owner();
    for (const decide of ['approve', 'reject'] as const) {
      const { requestId, attempt } = await scene.waiting(READ);
      const first = await owner[decide](requestId);
      scene.need(first.ok, `${decide} is refused: ${first.message}`);
      const second = await owner[decide](requestId);
      scene.expect(second.ok, `a second ${decide} was told "${second.message}"`);
      attempt.peer.end();
    }
    scene.saw('both were answered alike');
  },
};

const DEVICES = 60;
const AT_ONCE = 6;
const WATCHERS = 3;
/** A slow gateway pairs fewer devices in it. */
const LISTED_FOR_MS = 20_000;

const listed: Case = {
  id: 'I15-list',
  invariant: 'I15',
  title: 'a list shows one moment',
  expected: `While up to ${DEVICES} devices pair, no list shows one of them in neither half, or paired and still asking.`,
  budgetMs: 30_000,
  async run(scene) {
    const owner = await scene.owner();
    const watchers = await Promise.all(Array.from({ length: WATCHERS }, () => scene.anotherOwner()));
    const asked: Throwaway[] = [];
    const approved = new Set<Throwaway>();
    let busy = true;
    const enough = AbortSignal.timeout(LISTED_FOR_MS);
    const pairing = inTurn(DEVICES, AT_ONCE, enough, async () => {
      const { device, requestId, attempt } = await scene.waiting(READ);
      asked.push(device);
      const { ok } = await owner.approve(requestId);
      if (ok) approved.add(device);
      attempt.peer.end();
    }).finally(() => {
      busy = false;
    });
    // What goes wrong there is told when it is awaited; the watcher ends first.
    pairing.catch(() => {});
    const polling = watchers.map((watcher) => watch(scene, watcher, asked, approved, () => busy));
    const watched = await Promise.all(polling);
    await pairing;
    const [polls, wrong] = [sum(watched.map((one) => one.polls)), sum(watched.map((one) => one.wrong))];
    scene.expect(wrong === 0, `${wrong} of ${polls} lists show a device between two states`);
    scene.saw(`${polls} lists while ${approved.size} devices were approved`);
  },
};

async function watch(
  scene: Scene,
  watcher: Owner,
  asked: readonly Throwaway[],
  approved: ReadonlySet<Throwaway>,
  busy: () => boolean,
): Promise<{ polls: number; wrong: number }> {
  let [polls, wrong] = [0, 0];
  while (busy()) {
    const [known, done] = [[...asked], new Set(approved)];
    const list = await watcher.list();
    polls += 1;
    const problem = known.map((device) => between(list, device, done.has(device))).find((found) => found);
    if (!problem) continue;
    wrong += 1;
    scene.trace.stop();
  }
  return { polls, wrong };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** What is wrong with how a list shows a device; undefined when nothing is. */
function between(list: List, device: Throwaway, isApproved: boolean): string | undefined {
  const isPaired = list.paired.some(({ deviceId }) => deviceId === device.id);
  const isPending = rowsOf(list, device).length > 0;
  if (!isPaired && !isPending) return `a list shows device ${device.name} nowhere`;
  if (isApproved && !isPaired) return `a list shows device ${device.name}, which was approved, as not paired`;
  return isPhantom(list, device) ? `a list shows device ${device.name} as asking for what it has` : undefined;
}

const CYCLES = 20;
const IN_FLIGHT = 8;
/** A slow gateway goes through fewer cycles in it. */
const RACED_FOR_MS = 30_000;
/** Ms between two of the connects: the race is won or lost at different moments in different gateways. */
const GAPS_MS = [0, 1, 3, 8];

const phantoms: Case = {
  id: 'I17-in-flight',
  invariant: 'I17',
  title: 'no request is left for what was just approved',
  expected: `${IN_FLIGHT} connects are in flight while the approval is made, ${CYCLES} times: no request asks for what is granted.`,
  budgetMs: 45_000,
  async run(scene) {
    await scene.owner();
    const enough = AbortSignal.timeout(RACED_FOR_MS);
    let [left, cycle] = [0, 0];
    for (; cycle < CYCLES && !enough.aborted; cycle++) {
      scene.trace.startOver();
      const found = await phantomAfterApproval(scene, cycle);
      // One cycle that went wrong is enough to see how.
      if (found && left++ === 0) scene.trace.stop();
    }
    scene.expect(left === 0, `${left} of ${cycle} cycles left a request for what is granted`);
    scene.saw(`${cycle} cycles, none left a request`);
  },
};

/** A first pairing or an upgrade, and whether its approval left a request for what it gave. */
async function phantomAfterApproval(scene: Scene, cycle: number): Promise<boolean> {
  const isUpgrade = cycle % 2 === 1;
  const { device, requestId, attempt: first } = await (isUpgrade ? upgrading(scene) : scene.waiting(BOTH));
  const sockets = await Promise.all(Array.from({ length: IN_FLIGHT }, () => scene.socket(device)));
  await Promise.all(sockets.map((peer) => peer.event('connect.challenge')));
  const gapMs = GAPS_MS[Math.floor(cycle / 2) % GAPS_MS.length] ?? 0;
  const ask = {
    device,
    role: 'operator',
    scopes: BOTH,
    auth: scene.target.shared,
    program: PROGRAM,
  } as const;
  const knocking = sockets.map(async (peer, index) => {
    if (gapMs > 0) await pause(index * gapMs);
    return answered(await attempt(scene.target, peer, ask), 3000);
  });
  if (gapMs > 0) await pause((IN_FLIGHT / 2) * gapMs);
  await scene.approved(requestId);
  await Promise.all(knocking);
  for (const peer of [...sockets, first.peer]) peer.end();
  const list = await scene.list();
  const found = isPhantom(list, device);
  if (found) scene.trace.text('', 'note', `here: device ${device.name} asks for what it has`);
  return found;
}

async function upgrading(scene: Scene): Promise<Waiting> {
  const { device } = await scene.paired(READ);
  return scene.open(device, await scene.ask(device, BOTH));
}

/** Runs `work` `times` times, at most `atOnce` at a time; begins none after `enough`. */
async function inTurn(
  times: number,
  atOnce: number,
  enough: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  let left = times;
  const worker = async (): Promise<void> => {
    while (left-- > 0 && !enough.aborted) await work();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

export const RACE_CASES: readonly Case[] = [twoDeciders, decidedTwice, listed, phantoms];
