import { connectParams, type Frame } from '../support/raw-client.ts';
import type { Host } from './identity.ts';
import type { ClientEnd, Link, Origin } from './link.ts';
import type { Net } from './net.ts';
import { NODE_GIVES_UP, PAUSES, type Profile } from './profiles.ts';
import type { Task, World } from './world.ts';

/** How long a client goes without a tick before it takes its connection for dead: two and a half intervals. */
const SILENCE_MS = 75_000;
/** How long a client waits for the answer to a call. */
const CALL_MS = 30_000;

type State = 'away' | 'dialling' | 'asking' | 'in' | 'paused' | 'over';

/** One program of a host: it dials, asks, waits, is let in or comes back, by the rules of its generation. */
export class Program implements ClientEnd {
  readonly name: string;
  readonly host: Host;
  readonly profile: Profile;
  readonly #world: World;
  readonly #net: Net;
  state: State = 'away';
  wish: readonly string[];
  /** What hello gave. */
  scopes: readonly string[] = [];
  /** When it dialled, in simulated ms. */
  readonly dials: number[] = [];
  /** It asks for the same each time. */
  isSteady = false;
  #link: Link | undefined;
  #backoffMs: number;
  #refusals = 0;
  #deadline: Task | undefined;
  #silence: Task | undefined;
  #usedToken = '';
  #leaveAtMs = 0;
  #calls = 0;
  #upgrade: string | undefined;

  constructor(world: World, net: Net, name: string, host: Host, profile: Profile) {
    this.#world = world;
    this.#net = net;
    this.name = name;
    this.host = host;
    this.profile = profile;
    this.wish = world.rng.pick(profile.wishes);
    this.#backoffMs = profile.backoff.firstMs;
  }

  get isIn(): boolean {
    return this.state === 'in';
  }

  /** Starts, or starts again as a person would: whatever made it pause is forgotten. */
  start(): void {
    if (this.state !== 'away' && this.state !== 'paused' && this.state !== 'over') return;
    this.#backoffMs = this.profile.backoff.firstMs;
    this.#refusals = 0;
    this.#leaveAtMs = this.#world.nowMs + (this.profile.answerMs ?? CALL_MS);
    this.#dial();
  }

  /** Ends for good. */
  stop(): void {
    const link = this.#link;
    this.#rest('over');
    link?.close(1000, '');
  }

  get link(): Link | undefined {
    return this.#link;
  }

  onFrame(frame: Frame): void {
    this.#heard();
    if (frame.event === 'connect.challenge') return this.#ask(frame.payload);
    if (frame.type === 'res' && frame.id === 'connect')
      return frame.ok ? this.#letIn(frame.payload) : this.#refused(frame.error);
    if (frame.event === 'device.upgrade.resolved') this.scopes = frame.payload.scopes;
    if (frame.type === 'res' && frame.id === 'one') return this.stop();
    if (frame.type === 'res' && frame.id === 'upgrade' && frame.ok)
      this.#waitUpgrade(frame.payload.requestId);
  }

  onClose(code: number, reason: string): void {
    if (!this.#link) return;
    this.#link = undefined;
    const wasIn = this.state === 'in';
    const isDead = code === 1008 && reason.includes('device token mismatch');
    if (isDead && this.profile.generation === '2026.2.19') this.host.tokens.delete(this.profile.role);
    if (this.state === 'paused' || this.state === 'over') return;
    this.#away(wasIn);
  }

  #dial(): void {
    const { profile, host } = this;
    this.dials.push(this.#world.nowMs);
    if (!this.isSteady && profile.wishes.length > 1 && this.#world.rng.chance(0.1))
      this.wish = this.#world.rng.pick(profile.wishes);
    this.state = 'dialling';
    const headers: Record<string, string> = profile.isPage ? { origin: 'http://127.0.0.1:18789' } : {};
    const origin: Origin = { address: host.address, headers };
    this.#link = this.#net.dial(this, this.name, origin);
    this.#until(profile.answerMs, () => this.#giveUp());
    this.#heard();
  }

  #ask(challenge: { readonly nonce: string; readonly ts: number }): void {
    if (this.state !== 'dialling') return;
    this.state = 'asking';
    const { profile, host, wish } = this;
    const auth = this.#auth();
    this.#usedToken = host.secret === undefined ? (auth.deviceToken ?? auth.token ?? '') : '';
    const params = connectParams(
      {
        device: host.device,
        role: profile.role,
        scopes: wish,
        clientId: profile.clientId,
        mode: profile.mode,
        protocol: profile.protocol,
        auth,
        ...(profile.caps && { caps: profile.caps }),
        ...(profile.userAgent !== undefined && {
          forge: (sent) => ({ ...sent, userAgent: profile.userAgent }),
        }),
      },
      challenge,
    );
    this.#send('connect', 'connect', params);
    // A person who is impatient, or a proxy that repeats: the same frame again.
    if (this.#world.rng.chance(0.01)) this.#send('connect', 'connect', params);
  }

  #auth(): Record<string, string> {
    const { secret, tokens } = this.host;
    const kept = tokens.get(this.profile.role)?.token;
    if (secret !== undefined) return { token: secret };
    if (kept === undefined) return {};
    return this.profile.generation === '2026.2.19' ? { token: kept } : { deviceToken: kept };
  }

  #letIn({ auth }: Frame['payload']): void {
    this.state = 'in';
    this.scopes = auth.scopes;
    this.#backoffMs = this.profile.backoff.firstMs;
    this.#refusals = 0;
    this.#world.cancel(this.#deadline);
    if (auth.deviceToken !== undefined) {
      this.host.tokens.set(this.profile.role, { token: auth.deviceToken, scopes: auth.scopes });
    }
    if (this.profile.stays === 'always') return this.#work();
    this.#send('one', this.profile.role === 'operator' ? 'health' : 'node.list', {});
    this.#until(CALL_MS, () => this.stop());
  }

  /** Now and then it calls something, or asks for more. */
  #work(): void {
    const link = this.#link;
    const { rng } = this.#world;
    this.#world.after(rng.around(60_000), () => {
      if (this.#link !== link || this.state !== 'in') return;
      this.#calls += 1;
      const isOperator = this.profile.role === 'operator';
      if (isOperator) this.#send(`c${this.#calls}`, 'health', {});
      if (isOperator && rng.chance(0.3)) this.#askMore();
      this.#work();
    });
  }

  #askMore(): void {
    const { rng } = this.#world;
    if (this.#upgrade !== undefined && rng.chance(0.3)) {
      this.#send('withdraw', 'device.scopes.withdrawUpgrade', { requestId: this.#upgrade });
      this.#upgrade = undefined;
      return;
    }
    const scopes = [rng.pick(['operator.write', 'operator.approvals', 'operator.talk.secrets'])];
    this.#send('upgrade', 'device.scopes.requestUpgrade', { scopes });
  }

  #waitUpgrade(requestId: string): void {
    this.#upgrade = requestId;
    if (this.#world.rng.chance(0.5))
      this.#send(`w${this.#calls}`, 'device.scopes.waitUpgrade', { requestId });
  }

  #refused(error: Frame['error']): void {
    const { generation, role } = this.profile;
    const { code, pauseReconnect, recommendedNextStep } = error.details ?? {};
    this.#refusals += 1;
    if (generation === 'openclaw-node') {
      if (this.#usedToken) this.host.tokens.delete(role);
      if (this.#refusals >= NODE_GIVES_UP) return this.#pause();
    }
    if (generation === '2026.9.6') {
      const isDead = code === 'AUTH_DEVICE_TOKEN_MISMATCH' && this.#usedToken !== '';
      if (isDead && this.host.tokens.get(role)?.token === this.#usedToken) this.host.tokens.delete(role);
      const comesBack = pauseReconnect === false || recommendedNextStep === 'wait_then_retry';
      if (PAUSES.has(code) && !comesBack) return this.#pause();
    }
    const link = this.#link;
    this.#link = undefined;
    link?.close(1008, 'connect failed');
    this.#away(false);
  }

  #pause(): void {
    const link = this.#link;
    this.#rest('paused');
    this.#world.trace.add(this.name, 'pauses until somebody starts it again');
    link?.close(1008, 'connect failed');
  }

  #away(wasIn: boolean): void {
    this.#world.cancel(this.#deadline);
    this.#world.cancel(this.#silence);
    this.scopes = [];
    this.state = 'away';
    const { stays, backoff } = this.profile;
    const isDone = stays === 'one call' || (stays === 'probe' && this.#world.nowMs >= this.#leaveAtMs);
    if (isDone) return this.#rest('over');
    const waitMs = wasIn ? backoff.firstMs : this.#backoffMs;
    this.#backoffMs = Math.min(backoff.mostMs, this.#backoffMs * backoff.factor);
    this.#world.after(waitMs, () => {
      if (this.state === 'away') this.#dial();
    });
  }

  #giveUp(): void {
    const link = this.#link;
    this.#link = undefined;
    this.#world.trace.add(this.name, 'has waited long enough');
    link?.close(4000, 'connect timeout');
    this.#away(false);
  }

  #rest(state: 'paused' | 'over'): void {
    this.#world.cancel(this.#deadline);
    this.#world.cancel(this.#silence);
    this.state = state;
    this.scopes = [];
    this.#link = undefined;
  }

  #until(ms: number | null, run: () => void): void {
    this.#world.cancel(this.#deadline);
    this.#deadline = ms === null ? undefined : this.#world.after(ms, run);
  }

  /** Without ticks the connection is taken for dead; before hello a socket that died in silence is, too. */
  #heard(): void {
    this.#world.cancel(this.#silence);
    const link = this.#link;
    this.#silence = this.#world.after(this.profile.answerMs === null ? 6 * SILENCE_MS : SILENCE_MS, () => {
      if (this.#link !== link || !link) return;
      this.#link = undefined;
      link.close(4000, 'tick timeout');
      this.#away(this.state === 'in');
    });
  }

  #send(id: string, method: string, params: unknown): void {
    this.#link?.send(JSON.stringify({ type: 'req', id, method, params }));
  }
}
