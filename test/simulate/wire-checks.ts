import type { Frame } from '../support/raw-client.ts';
import { idOf, type Moment, revisionOf } from './fold.ts';
import type { LinkStory } from './link-story.ts';
import type { Oracle } from './oracle.ts';
import { isWithin } from './rights.ts';

/** What a gateway sends to a client that has asked to be let in, and the events that it sends later. */

const isCovered =
  (wish: readonly string[]) =>
  ({ is, grant }: Moment): boolean =>
    is === 'paired' && isWithin(wish, grant);

export function checkConnectAnswer(oracle: Oracle, story: LinkStory, { ok, payload, error }: Frame): void {
  if (!story.asked) return;
  if (story.asked.deviceId === '') return checkDeviceless(oracle, story, ok === true, payload);
  if (ok) checkHello(oracle, story, payload.auth);
  else checkRefusal(oracle, story, error);
}

/** I14: without a device only a local peer with the secret has any scope. */
function checkDeviceless(
  oracle: Oracle,
  { link, asked }: LinkStory,
  ok: boolean,
  payload: Frame['payload'],
): void {
  if (!ok || !asked) return;
  const { address, headers } = link.origin;
  const isLocal = address === '127.0.0.1' && Object.keys(headers).length === 0;
  const isOwner = isLocal && oracle.secrets.includes(asked.token);
  const problem =
    !isOwner && payload.auth.scopes.length > 0 ? `${link.name} has rights without a device` : undefined;
  oracle.judge('I14', problem, [link.name]);
}

function checkHello(oracle: Oracle, story: LinkStory, auth: Frame['payload']): void {
  const { asked, link, process } = story;
  if (!asked) return;
  const about = [link.name, oracle.nameOf(asked.deviceId)];
  const scopes: readonly string[] = auth.scopes;
  const told = oracle.toldSeq(process, asked.deviceId);
  const mayBe = oracle.wasSo(story, asked.atMs, told, (moment) => isCovered(scopes)(moment));
  oracle.judge(
    'I18',
    mayBe ? undefined : `${link.name} is let in with ${scopes} that it does not have`,
    about,
  );
  const isMore = !isWithin(scopes, asked.wish);
  oracle.judge('I12', isMore ? `${link.name} is given more than it asked for` : undefined, about);
  const hadAll = oracle.always(story, asked.atMs, isCovered(asked.wish));
  const isLess = hadAll && !isWithin(asked.wish, scopes);
  oracle.judge('I3', isLess ? `${link.name} is served a part of what it has` : undefined, about);
  const isPartWithToken = auth.deviceToken !== undefined && !isWithin(asked.wish, scopes);
  oracle.judge('I4', isPartWithToken ? `${link.name} is given a token with a part` : undefined, about);
  checkTokenUse(oracle, story);
}

/** I16: a token of before a revocation or a removal lets nobody in. */
function checkTokenUse(oracle: Oracle, story: LinkStory): void {
  const { asked, link } = story;
  if (!asked || oracle.secrets.includes(asked.token)) return;
  const token = oracle.tokens.get(asked.token);
  const wasValid =
    token?.key === asked.key && oracle.wasSo(story, asked.atMs, 0, ({ ends }) => ends === token.ends);
  oracle.judge('I16', wasValid ? undefined : `${link.name} is let in with a token that is dead`, [
    link.name,
    oracle.nameOf(asked.deviceId),
  ]);
}

function checkRefusal(oracle: Oracle, story: LinkStory, error: Frame['error']): void {
  const { asked, link } = story;
  if (!asked) return;
  const about = [link.name, oracle.nameOf(asked.deviceId)];
  const { code, reason } = error.details ?? {};
  const isPairing = error.code === 'NOT_PAIRED' && code !== 'DEVICE_IDENTITY_REQUIRED';
  if (isPairing) {
    const hadAll = oracle.always(story, asked.atMs, isCovered(asked.wish));
    oracle.judge('I3', hadAll ? `${link.name} is refused what it has: ${code} ${reason}` : undefined, about);
  }
  if (reason === 'declined' || reason === 'revoked') return checkDeclined(oracle, story, error);
  if (reason === 'request-ended') return checkOutcome(oracle, story, error.details);
  if (isPairing) return checkNamed(oracle, story, error.details.requestId);
  checkCredential(oracle, story, code);
}

/** I6: an owner's no is told only where an owner said no, and a revocation only where there was one. */
function checkDeclined(oracle: Oracle, story: LinkStory, { details }: Frame['error']): void {
  const { asked, link } = story;
  if (!asked) return;
  const about = [link.name, oracle.nameOf(asked.deviceId)];
  if (details.reason === 'revoked') {
    const was = oracle.wasSo(story, asked.atMs, 0, ({ is }) => is === 'revoked');
    return oracle.judge('I6', was ? undefined : `${link.name} is told of a revocation that never was`, about);
  }
  if (details.requestId) return checkOutcome(oracle, story, details);
  const saysNo = ({ noUntilMs }: Moment): boolean => noUntilMs > 0;
  const was = ['operator', 'node'].some((role) =>
    oracle.chronicle.since(`${asked.deviceId} ${role}`, asked.atMs).some(saysNo),
  );
  oracle.judge('I6', was ? undefined : `${link.name} is told that an owner declined, and none did`, about);
}

/** I6: how a request went is told as it went. */
function checkOutcome(oracle: Oracle, { asked, link }: LinkStory, details: Frame['payload']): void {
  const story = oracle.chronicle.requests.get(idOf(details.requestId));
  const { outcome } = details;
  const really = story?.settled?.outcome;
  const isSo = outcome === really;
  const about = [link.name, oracle.nameOf(asked?.deviceId ?? '')];
  oracle.judge(
    'I6',
    isSo ? undefined : `${link.name} is told ${details.requestId} is ${outcome}, it is ${really}`,
    about,
  );
}

/** I9, I5: a refusal names the open request, and never a flood instead of it. */
function checkNamed(oracle: Oracle, story: LinkStory, named: string | undefined): void {
  const { asked, link } = story;
  if (!asked) return;
  const about = [link.name, oracle.nameOf(asked.deviceId)];
  if (named === undefined) {
    const joins = ({ open, grant }: Moment): boolean =>
      open !== null && isWithin(asked.wish, [...(open.revisions.at(-1) ?? []), ...grant]);
    const hadOne = oracle.always(story, asked.atMs, joins);
    return oracle.judge(
      'I9',
      hadOne ? `${link.name} waits already, and is refused without its request` : undefined,
      about,
    );
  }
  const was = oracle.wasSo(story, asked.atMs, 0, ({ open }) => open?.id === idOf(named));
  oracle.judge('I5', was ? undefined : `${link.name} is told to wait for ${named}, which is not open`, about);
  // A probe is told what is open and keeps nothing alive.
  if (asked.mode !== 'probe') touch(oracle, named);
}

/** I18, I4: nobody is told that a secret or a token is wrong that is right. */
function checkCredential(oracle: Oracle, story: LinkStory, code: string | undefined): void {
  const { asked, link } = story;
  if (!asked) return;
  const about = [link.name, oracle.nameOf(asked.deviceId)];
  if (
    code === 'AUTH_TOKEN_MISMATCH' ||
    code === 'AUTH_DEVICE_TOKEN_MISMATCH' ||
    code === 'AUTH_UNAUTHORIZED'
  ) {
    const isRight = oracle.secrets.length === 1 && oracle.secrets.includes(asked.token);
    const token = oracle.tokens.get(asked.token);
    const isGood =
      token?.key === asked.key &&
      oracle.always(story, asked.atMs, ({ is, ends, cuts }) => {
        const stands = is === 'paired' && ends === token.ends;
        // A rotation makes a token old, and only then may it be told to be superseded.
        return stands && (code !== 'AUTH_UNAUTHORIZED' || cuts === token.cuts);
      });
    const problem =
      isRight || isGood ? `${link.name} is told that its credential is wrong (${code})` : undefined;
    oracle.judge('I4', problem, about);
  }
}

/** Somebody who wants this request has shown itself. */
export function touch(oracle: Oracle, named: string): void {
  const story = oracle.chronicle.requests.get(idOf(named));
  if (story) story.lastAskedMs = Math.max(story.lastAskedMs, oracle.world.wallMs);
}

export function checkEvent(oracle: Oracle, story: LinkStory, { event, payload }: Frame): void {
  if (event === 'connect.pending') checkPending(oracle, story, payload.requestId);
  else if (event === 'device.upgrade.resolved') checkResolved(oracle, story, payload);
  else if (event === 'device.pair.requested') checkAnnounced(oracle, story, payload.requestId);
  else if (event === 'device.pair.resolved') checkOutcome(oracle, story, payload);
}

function checkPending(oracle: Oracle, story: LinkStory, named: string): void {
  const { asked, link } = story;
  if (!asked) return;
  const about = [link.name, oracle.nameOf(asked.deviceId)];
  oracle.world.trace.add(story.process, `-> ${link.name} waits for ${named}`);
  story.parkedAtMs ||= oracle.world.nowMs;
  const hadAll = oracle.always(story, asked.atMs, isCovered(asked.wish));
  oracle.judge('I3', hadAll ? `${link.name} is held for what it has` : undefined, about);
  const was = oracle.wasSo(story, asked.atMs, 0, ({ open }) => open?.id === idOf(named));
  oracle.judge('I5', was ? undefined : `${link.name} is held for ${named}, which is not open`, about);
  oracle.judge('I5', story.answer ? `${link.name} is held after it was answered` : undefined, about);
  touch(oracle, named);
}

/** I6, I5: each end of a request is told once, as it was; of what is open still only what was given of it. */
function checkResolved(oracle: Oracle, story: LinkStory, { requestId, outcome }: Frame['payload']): void {
  const { asked, link } = story;
  const about = [link.name, oracle.nameOf(asked?.deviceId ?? '')];
  oracle.world.trace.add(story.process, `-> ${link.name} ${requestId} is ${outcome}`);
  const id = idOf(requestId);
  const isAgain = story.resolved.has(id);
  story.resolved.set(id, oracle.world.nowMs);
  if (story.waitsFor === id) story.waitsFor = undefined;
  oracle.judge('I5', isAgain ? `${link.name} is told the end of ${requestId} twice` : undefined, about);
  const request = oracle.chronicle.requests.get(id);
  const really = request?.settled?.outcome;
  // One whose own wish is covered by a part that was given has got all of it; null says that nobody knows any more.
  const may = new Set([
    really,
    ...(really === 'narrowed' ? ['approved'] : []),
    ...(really ? [] : ['approved', 'superseded']),
  ]);
  oracle.judge(
    'I6',
    may.has(outcome) ? undefined : `${link.name} is told ${requestId} is ${outcome}, it is ${really}`,
    about,
  );
}

/** I8b: one word to managers for each revision. */
function checkAnnounced(oracle: Oracle, story: LinkStory, requestId: string): void {
  const isAgain = story.announced.has(requestId);
  story.announced.add(requestId);
  const request = oracle.chronicle.requests.get(idOf(requestId));
  const isKnown = request !== undefined && revisionOf(requestId) <= request.revisions.length;
  const problem = isAgain ? 'is told twice of' : isKnown ? undefined : 'is told of an unknown';
  oracle.judge('I8b', problem && `${story.link.name} ${problem} ${requestId}`, [story.link.name]);
}
