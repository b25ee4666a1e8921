/** Mistakes in the code around the machines, each one that somebody could make, or that a gateway has made. */
export interface RuntimeMutant {
  /** Begins with the file's subject, never with a machine's id. */
  readonly name: string;
  /** From the project's root. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly what: string;
  readonly by: string;
}

const at = (file: string) => (name: string, what: string, by: string) => ({ name, file, what, by }) as const;

const tokens = at('src/authority/tokens.ts');
const callers = at('src/authority/callers.ts');
const committer = at('src/authority/committer.ts');
const authority = at('src/authority/authority.ts');
const memory = at('src/store/memory.ts');
const sqlite = at('src/store/sqlite.ts');
const save = at('src/store/sqlite-save.ts');
const session = at('src/gateway/session.ts');
const handshake = at('src/gateway/handshake.ts');
const gateway = at('src/gateway/attach.ts');
const dispatch = at('src/gateway/dispatch.ts');
const announcer = at('src/gateway/announcer.ts');
const locality = at('src/gateway/locality.ts');
const place = at('src/gateway/place.ts');
const room = at('src/gateway/waiting-room.ts');
const credentials = at('src/gateway/credentials.ts');
const signature = at('src/protocol/signature.ts');
const watch = at('src/gateway/record-watch.ts');
const policy = at('machines/policy.ts');
const verdict = at('machines/verdict.ts');
const steps = at('machines/steps.ts');

export const RUNTIME_MUTANTS: readonly RuntimeMutant[] = [
  tokens(
    'token: its seal is not compared',
    '!timingSafeEqual(presented, expected)) return INVALID;\n  return checkGeneration(realm, roleOf(device, role), numbers);',
    'false) return INVALID;\n  return checkGeneration(realm, roleOf(device, role), numbers);',
  ),
  tokens(
    'token: of another gateway, its hash is not compared',
    '!timingSafeEqual(presented, expected)) return INVALID;\n  return checkGeneration(realm, kept, imported);',
    'false) return INVALID;\n  return checkGeneration(realm, kept, imported);',
  ),
  tokens('token: a revoked generation is accepted', 'generation < tokens.floor', 'false'),
  tokens('token: a retired generation is accepted', 'generation < tokens.oldest', 'false'),
  callers(
    'caller: a device widens itself',
    "if (callerDevice(caller) === deviceId) return denied('own-widening');",
    '',
  ),
  callers(
    'caller: gives what it does not hold',
    'if (covers(caller.scopes, operatorPart)) return undefined;',
    'return undefined;',
  ),
  callers(
    'caller: a device token manages other devices',
    "if (!seesOthers(caller) && callerDevice(caller) !== deviceId) return denied('device-ownership-mismatch');",
    '',
  ),
  committer(
    'committer: a lost compare-and-set passes for won',
    'if (seq === null) return undefined;\n    if (this.#onStep)',
    'if (this.#onStep)',
  ),
  committer('committer: what is due is left for later', 'row.deadlineMs <= nowMs', 'row.deadlineMs < 0'),
  committer('committer: an audit line for each event', 'events.filter(isNews)', 'events'),
  authority(
    'access: the wish of a known device is not compared',
    ').covered) return undefined;',
    ').standing !== "paired") return undefined;',
  ),
  authority(
    'access: a probe opens a request',
    'mayOpen: !access.probe && !managesDevices',
    'mayOpen: !managesDevices',
  ),
  authority(
    'access: a command line that came to approve opens a request',
    'mayOpen: !access.probe && !managesDevices',
    'mayOpen: !access.probe',
  ),
  authority(
    'access: automatism answers for a device that an owner turned away',
    '!isUnwanted(device) && ',
    '',
  ),
  authority('access: strangers without end', 'return this.#mostStrangers - ', 'return 1_000_000 - '),
  memory(
    'memory store: no compare-and-set',
    '(this.#rows.get(deviceId)?.revision ?? 0) !== expectedRevision',
    'false',
  ),
  save(
    'sqlite: no compare-and-set',
    '(this.#revision.get(deviceId)?.revision ?? 0) !== expectedRevision',
    'false',
  ),
  sqlite('sqlite: other processes are never noticed', 'if (version === this.#version) return;', 'return;'),
  session(
    'session: it enters the waiting room after the record is loaded',
    "    if (this.deviceId !== '') this.core.room.enter(this);\n    const seen = this.watch.version;\n    const answer = await this.watch.holdWhile(() => askAuthority(this));\n",
    "    const seen = this.watch.version;\n    const answer = await this.watch.holdWhile(() => askAuthority(this));\n    if (this.deviceId !== '') this.core.room.enter(this);\n",
  ),
  session(
    'session: hello without a second look',
    'if (answer.asLoaded) this.#told = answer.look;',
    'this.#told = answer.look;',
  ),
  session(
    'session: hello although something changed meanwhile',
    '      if (seen !== this.watch.version) continue;\n',
    '',
  ),
  session(
    'session: what changed while it asked is forgotten',
    'answer === null || seen !== this.watch.version',
    'answer === null',
  ),
  session(
    'session: a slice ends without a last look',
    "    if (!this.isParked) return;\n    // What was decided in the meantime is told instead (I5), also when that is a part of what it asked for (I12).\n    this.actor.send({ type: 'record.read', ...reading });\n",
    '',
  ),
  session(
    'session: refused frames count for nothing',
    'if (this.#queue.length > this.core.limits.queuedFrames)',
    'if (false)',
  ),
  handshake('handshake: the secret is not looked at', 'if (!reading.ok) {', 'if (!reading.ok && !connect) {'),
  handshake(
    'handshake: anybody without a device is an owner',
    'const isOwner = peer.local && core.deviceless',
    'const isOwner = core.deviceless',
  ),
  handshake('handshake: a device token for a part of the wish', 'device && view.covered', 'device'),
  handshake(
    'handshake: wrong tokens are guessed without end',
    "if (answer.problem === 'device-token-invalid') core.limiter.fail(session.peer.guesser);",
    '',
  ),
  gateway(
    'gateway: a changed secret ends nobody',
    "session.admission !== undefined && session.credential !== 'device-token'",
    'false',
  ),
  gateway(
    'gateway: notices of the store reach no session',
    'core.room\n      .notice(notice)',
    'Promise.resolve()',
  ),
  dispatch(
    'dispatch: methods need no scope',
    'if (scope === null || covers(session.scopes, [scope])) return undefined;',
    'return undefined;',
  ),
  dispatch(
    'dispatch: methods need no role',
    'method?.role !== undefined && method.role !== session.role',
    'false',
  ),
  dispatch('dispatch: calls under way without end', 'if (calls >= MOST_CALLS) return undefined;', ''),
  announcer(
    'announcer: requests are told to whoever is connected',
    "        covers(session.scopes, ['operator.pairing']) &&\n",
    '',
  ),
  announcer('announcer: renewals are told', 'event.seq <= seq && isNews(event)', 'event.seq <= seq'),
  announcer(
    'announcer: an expiry is told as a rejection',
    "outcome === 'narrowed' ? 'approved' : outcome",
    "outcome === 'approved' ? outcome : 'rejected'",
  ),
  locality('locality: a page is local', '      origin === null &&\n', ''),
  locality('locality: whoever stands between is overlooked', ' &&\n      !isForwarded;', ';'),
  locality('locality: any Host is local', "      LOOPBACK_HOST.test(headers.host ?? '') &&\n", ''),
  place('place: an unproven socket is counted for ever', 'else unproven.set(this.#network, left);', ''),
  place('place: a parked socket has no slice', 'room.hasPlace(this.#guest) ? sliceMs : 0', '1e9'),
  room(
    'waiting room: no limit for one address',
    '(this.#parkedByAddress.get(networkOf(address)) ?? 0) >= this.#limits.parkedPerAddress',
    'false',
  ),
  room('waiting room: no limit for one device', 'same.length < this.#limits.parkedPerRole', 'true'),
  credentials(
    'limiter: nobody is ever locked out',
    'if (failures.count >= this.#limits.failures)',
    'if (false)',
  ),
  credentials('limiter: grows without end', 'this.#failures.size > MOST_GUESSERS', 'false'),
  signature(
    'proof: the id need not be the hash of the key',
    ' || device.id !== deviceIdOf(device.publicKey)',
    '',
  ),
  signature(
    'proof: the nonce is not compared',
    "if (!sameText(device.nonce, nonce)) return failed('nonce-mismatch');",
    '',
  ),
  signature(
    'proof: the signature may be of any time',
    "if (!(Math.abs(nowMs - device.signedAtMs) <= WIDEST_SKEW_MS[protocol])) return failed('signature-stale');",
    '',
  ),
  signature(
    'proof: the signature is not checked',
    'if (verify(null, Buffer.from(signedText(version, connect, nonce)), key, signature)) {',
    'if (true) {',
  ),
  watch(
    'record watch: a change during a reading is not read again',
    'while (seen !== this.#changes)',
    'while (false)',
  ),
  policy('policy: admin covers every role', "return scope.startsWith('operator.');", 'return true;'),
  policy(
    'policy: a session may use its whole wish',
    'const named = wish.filter((scope) => covers(grant, [scope]));',
    'const named = wish;',
  ),
  verdict(
    'verdict: an empty wish needs no standing',
    'const covered = paired && covers',
    'const covered = covers',
  ),
  verdict(
    'verdict: a settled request is told as rejected',
    "if (settled?.outcome === 'rejected' || settled?.outcome === 'narrowed') {",
    'if (settled) {',
  ),
  steps(
    'steps: a revocation leaves the ceiling',
    '    ceiling: NOTHING,\n    grant: NOTHING,\n    request: null,\n    tokens: { current: next, oldest: next, floor: next, delivered: false, retireAtMs: null },\n    imported: touched(',
    '    grant: NOTHING,\n    request: null,\n    tokens: { current: next, oldest: next, floor: next, delivered: false, retireAtMs: null },\n    imported: touched(',
  ),
  steps('steps: a removal leaves no tombstone', 'tombstone: true,', 'tombstone: false,'),
  steps(
    'steps: an approval is not a new grant version',
    'grantVersion: record.grantVersion + 1,',
    'grantVersion: record.grantVersion,',
  ),
  steps(
    'steps: a rotation ends the old token at once',
    'oldest: tokens.delivered ? tokens.current : tokens.oldest,',
    'oldest: tokens.current + 1,',
  ),
  steps(
    'steps: a wider wish replaces the narrower one',
    'uniteWishes(newestRevision(request).scopes, asking.wish)',
    'asking.wish',
  ),
];
