import { type Asked, FOREIGN_MS, type LinkStory, sliceOf } from './link-story.ts';
import type { Oracle } from './oracle.ts';
import { isWithin } from './rights.ts';

/** What must be so of every connection at any time. */

/** A waiter may be answered this late beyond its slice: a disk that is slow or fails delays it. */
const SLACK_MS = 60_000;

/** I5: it waits no longer than it may. I3: nor after what it asks for was given. */
export function lookAtWaiter(oracle: Oracle, { link, parkedAtMs }: LinkStory, asked: Asked): void {
  const { nowMs } = oracle.world;
  const about = [link.name, oracle.nameOf(asked.deviceId)];
  const isLong = nowMs - asked.atMs > sliceOf(asked) + 15_000 + SLACK_MS;
  oracle.judge('I5', isLong ? `${link.name} waits and is forgotten` : undefined, about);
  if (parkedAtMs === 0 || nowMs - parkedAtMs < FOREIGN_MS) return;
  const all = oracle.chronicle.since(asked.key, nowMs - FOREIGN_MS);
  const isGiven = all.every(({ is, grant }) => is === 'paired' && isWithin(asked.wish, grant));
  oracle.judge('I3', isGiven ? `${link.name} waits for what it was given` : undefined, about);
}

/** I18: it does not outlive its rights. I5: it hears of the end of what it asked for. */
export function lookAtSession(oracle: Oracle, story: LinkStory, asked: Asked): void {
  const { link, helloCuts, waitsFor } = story;
  const about = [link.name, oracle.nameOf(asked.deviceId)];
  const all = oracle.chronicle.since(asked.key, oracle.world.nowMs - FOREIGN_MS);
  const isOver = all.every(({ cuts }) => cuts > helloCuts);
  oracle.judge('I18', isOver ? `${link.name} lives on after its rights were ended` : undefined, about);
  const isUntold = waitsFor !== undefined && all.every(({ open }) => open?.id !== waitsFor);
  oracle.judge('I5', isUntold ? `${link.name} was not told the end of ${waitsFor}.r1` : undefined, about);
}
