import type { Frame } from '../support/raw-client.ts';
import { checkAnswer } from './answer-checks.ts';
import { Chronicle } from './chronicle.ts';
import type { Commit, Disk } from './disk.ts';
import { idOf, type Moment, type Told, toldOf } from './fold.ts';
import type { ProcessWitness } from './gateway-process.ts';
import { type Asking, HISTORY_CHECKS, type Known } from './history-checks.ts';
import { lookAtSession, lookAtWaiter } from './lasting-checks.ts';
import type { Link, Witness } from './link.ts';
import { cutsOf, isLive, isOpen, type LinkStory, newStory, readConnect } from './link-story.ts';
import { isInjected } from './process-store.ts';
import { checkConnectAnswer, checkEvent } from './wire-checks.ts';
import type { World } from './world.ts';

export interface Violation {
  readonly invariant: string;
  readonly what: string;
  readonly atMs: number;
  /** Words by which the lines of the trace that concern it are found. */
  readonly about: readonly string[];
}

export interface OracleTerms {
  readonly lifetimeMs: number;
  readonly quietMs: number;
}

/**
 * Judges what can be seen from outside: frames, acknowledgements and the store's events. It knows the rules from DESIGN
 * and PROTOCOL, and nothing of the machines.
 */
export class Oracle implements Witness, ProcessWitness {
  readonly world: World;
  readonly chronicle: Chronicle;
  readonly terms: OracleTerms;
  readonly violations: Violation[] = [];
  readonly stories = new Map<Link, LinkStory>();
  readonly #byConn = new Map<string, LinkStory>();
  /** Per process and device: the newest change that it has been told of. */
  readonly #told = new Map<string, number>();
  /** What each connection has committed itself: its decisions. */
  readonly #commits = new Map<
    string,
    { readonly seq: number; readonly told: Told; readonly atMs: number }[]
  >();
  readonly #audited = new Set<string>();
  /** Device tokens that went out, and how many revocations had been then. */
  readonly tokens = new Map<string, { readonly key: string; readonly ends: number; readonly cuts: number }>();
  disk: Disk | undefined;
  /** The shared secrets that hold now; two while they are being changed. */
  secrets: readonly string[] = [];
  nameOf: (deviceId: string) => string = (deviceId) => deviceId.slice(0, 8);
  readonly checked = new Map<string, number>();
  hellos = 0;

  constructor(world: World, terms: OracleTerms) {
    this.world = world;
    this.terms = terms;
    this.chronicle = new Chronicle(terms.quietMs);
  }

  /** Counts a check, and notes what is wrong. */
  judge(invariant: string, problem: string | undefined, about: readonly string[] = []): void {
    this.checked.set(invariant, (this.checked.get(invariant) ?? 0) + 1);
    if (problem === undefined) return;
    const what = this.world.trace.named(problem);
    this.world.trace.add('!', `${invariant}: ${what}`);
    this.violations.push({ invariant, what, atMs: this.world.nowMs, about });
  }

  // The disk.

  committed(commit: Commit): void {
    const { nowMs, wallMs, trace } = this.world;
    for (const { deviceId, events } of commit.changes) {
      for (const told of events.map(toldOf)) {
        const outcome = told.outcome ? `=${told.outcome}` : '';
        const what = `${told.type}${outcome} ${told.request ?? ''} ${told.scopesTo.join(',')}`;
        trace.add('disk', `${this.nameOf(deviceId)} ${told.role} ${what} ${told.by ? 'by an owner' : ''}`);
      }
    }
    const known: Known = {
      wallMs,
      sinceJumpMs: nowMs - this.world.jumpedAtMs,
      lifetimeMs: this.terms.lifetimeMs,
      story: (id) => this.chronicle.requests.get(id),
      asking: (key) => this.#asking(key),
      deviceOf: (connId) => this.#byConn.get(connId ?? '')?.asked?.deviceId,
    };
    // A request that settled in this commit was open before it: the check asks what was known until now.
    const settledBefore = new Set(
      [...commit.changes]
        .flatMap(({ events }) => events.map(toldOf))
        .map(({ request }) => idOf(request ?? ''))
        .filter((id) => this.chronicle.requests.get(id)?.settled),
    );
    const turns = this.chronicle.add(commit, nowMs);
    for (const turn of turns) {
      const about = [this.nameOf(turn.deviceId)];
      const before: Known = {
        ...known,
        story: (id) => {
          const story = this.chronicle.requests.get(id);
          return story && !settledBefore.has(id) ? { ...story, settled: undefined } : story;
        },
      };
      for (const [invariant, check] of HISTORY_CHECKS) this.judge(invariant, check(turn, before), about);
      for (const told of turn.told) this.#noteCommit(told, turn.after.seq);
    }
  }

  #noteCommit(told: Told, seq: number): void {
    if (told.connId === null || told.by === null) return;
    const all = this.#commits.get(told.connId) ?? [];
    all.push({ seq, told, atMs: this.world.nowMs });
    this.#commits.set(told.connId, all);
  }

  /** What a connection itself decided since then. */
  decidedBy(connId: string, sinceMs: number): readonly { readonly seq: number; readonly told: Told }[] {
    return (this.#commits.get(connId) ?? []).filter(({ atMs }) => atMs >= sinceMs);
  }

  /** The power was cut: what is left of the history is this. */
  lost(kept: readonly Commit[]): void {
    this.chronicle.lost(kept, this.world.nowMs);
    // A renewal may be among what is gone.
    this.world.jumpedAtMs = this.world.nowMs;
    this.#told.clear();
    this.#commits.clear();
    this.#audited.clear();
  }

  // The processes.

  told(process: string, deviceId: string, seq: number): void {
    const key = `${process} ${deviceId}`;
    this.#told.set(key, Math.max(seq, this.#told.get(key) ?? 0));
  }

  toldSeq(process: string, deviceId: string): number {
    return this.#told.get(`${process} ${deviceId}`) ?? 0;
  }

  /** A process is dead: the next one of that name has been told nothing. */
  died(process: string): void {
    for (const key of [...this.#told.keys()]) if (key.startsWith(`${process} `)) this.#told.delete(key);
  }

  audit(process: string, line: string): void {
    const request = /upgrade requested .* request=(\S+)/.exec(line)?.[1];
    if (request === undefined) return;
    this.judge(
      'I8b',
      this.#audited.has(request) ? `${process} wrote a second line for ${request}` : undefined,
    );
    this.#audited.add(request);
  }

  failed(process: string, message: string, error: unknown): void {
    this.world.trace.add(process, `error: ${message}`);
    const isMeant = isInjected(error);
    this.judge('log', isMeant ? undefined : `${process}: ${message}: ${String(error)}`, [process]);
  }

  // The wire.

  story(link: Link): LinkStory {
    const known = this.stories.get(link) ?? newStory(link);
    this.stories.set(link, known);
    return known;
  }

  got(link: Link, text: string): void {
    const story = this.story(link);
    const { id, method, params } = JSON.parse(text);
    if (story.asked === undefined && method === 'connect') {
      story.asked = readConnect(id, params, this.world.nowMs);
      this.world.trace.add(story.process, `<- ${link.name} connect ${story.asked.wish.join(',')}`);
      return;
    }
    story.calls.set(id, { id, method, params, atMs: this.world.nowMs });
    if (method !== 'health') this.world.trace.add(story.process, `<- ${link.name} ${method}`);
  }

  sent(link: Link, frame: Frame): void {
    const story = this.story(link);
    const { asked } = story;
    if (frame.type === 'event') return checkEvent(this, story, frame);
    const isRepeat = story.answer !== undefined && story.calls.has(frame.id ?? '');
    if (asked && frame.id === asked.id && !isRepeat) return this.#answered(story, frame);
    checkAnswer(this, story, frame);
    story.calls.delete(frame.id ?? '');
  }

  #answered(story: LinkStory, frame: Frame): void {
    const { link, asked, process } = story;
    if (!asked) return;
    const { ok, payload, error } = frame;
    const shown = ok
      ? `hello ${payload.auth.scopes.join(',')}`
      : `${error.details?.code ?? error.code} ${error.message}`;
    this.world.trace.add(process, `-> ${link.name} ${shown}`);
    this.judge('I5', story.answer && `${link.name} was answered twice`, [link.name]);
    story.answer = frame;
    story.parkedAtMs = 0;
    checkConnectAnswer(this, story, frame);
    if (!ok) return;
    this.hellos += 1;
    story.helloAtMs = this.world.nowMs;
    story.connId = payload.server.connId;
    this.#byConn.set(story.connId, story);
    const { deviceToken } = payload.auth;
    const { ends, cuts } = this.chronicle.now(asked.key);
    story.helloCuts = deviceToken === undefined ? cuts : cutsOf(deviceToken);
    if (deviceToken === undefined) return;
    this.tokens.set(deviceToken, { key: asked.key, ends, cuts });
  }

  ended(link: Link, code: number, reason: string): void {
    const story = this.story(link);
    story.isEnded = true;
    this.world.trace.add(story.process, `-> ${link.name} close ${code} ${reason}`);
    const isUnanswered = story.asked && !story.answer && code === 1000;
    this.judge('I5', isUnanswered ? `${link.name} was closed as if nothing had been asked` : undefined, [
      link.name,
    ]);
  }

  /** The shared secret of a gateway was changed this moment: nobody whom the old one let in is live. */
  secretChanged(gateway: Link['gateway'], secret: string): void {
    for (const story of this.stories.values()) {
      const { asked, link } = story;
      if (link.gateway !== gateway || !isLive(story) || story.calls.size > 0) continue;
      const isOld = asked?.token !== secret && !this.tokens.has(asked?.token ?? '');
      this.judge('I18', isOld ? `${link.name} is live by a secret that has changed` : undefined, [link.name]);
    }
  }

  forget(link: Link): void {
    const story = this.stories.get(link);
    this.stories.delete(link);
    if (story) this.#byConn.delete(story.connId);
  }

  /** Connects of a (device, role) that wait for their answer; only they can bring a pairing by itself about. */
  #asking(key: string): readonly Asking[] {
    return [...this.stories.values()]
      .filter(({ asked, answer }) => asked?.key === key && answer === undefined)
      .map(({ link: { origin }, asked }) => ({
        isLocal:
          origin.address === '127.0.0.1' &&
          !Object.keys(origin.headers).some((name) => name.startsWith('x-') || name === 'origin'),
        knowsSecret: this.secrets.includes(asked?.token ?? ''),
      }));
  }

  // What must be so at any time.

  /** To be called now and then: nothing is forgotten, nothing lives on. */
  look(): void {
    for (const story of this.stories.values()) {
      if (!story.asked || !isOpen(story)) continue;
      if (!story.answer) lookAtWaiter(this, story, story.asked);
      else if (isLive(story) && story.asked.deviceId !== '') lookAtSession(this, story, story.asked);
    }
  }

  /** Whether something was so at some time since then that this gateway could still know of. */
  wasSo(story: LinkStory, sinceMs: number, sinceSeq: number, test: (moment: Moment) => boolean): boolean {
    const key = story.asked?.key ?? '';
    const first = this.chronicle.sinceSeq(key, sinceSeq)[0]?.seq ?? 0;
    return this.chronicle.since(key, sinceMs).some((moment) => moment.seq >= first && test(moment));
  }

  always(story: LinkStory, sinceMs: number, test: (moment: Moment) => boolean): boolean {
    return this.chronicle.since(story.asked?.key ?? '', sinceMs).every(test);
  }
}
