/**
 * The catalogue as data: what people reported, what upstream's releases still do, and the threats that a gateway can
 * meet. Each id of each row is in the name of a test in this folder, or a theme's file says why it lies outside.
 */

/** One row. `ids` are issue numbers of openclaw/openclaw, advisories, or names of this list. */
export interface Row {
  readonly ids: readonly string[];
  readonly what: string;
}

const row = (ids: string, what: string): Row => ({ ids: ids.split(' '), what });
const threat = (name: string): Row => ({ ids: [`threat "${name}"`], what: name });

/** What was reported. */
export const REPORTS: readonly Row[] = [
  row('#21688', 'scope upgrade on every reconnect, also after an approval or a rotation'),
  row('#21470', 'a fresh command line is paired read-only; its other commands fail'),
  row('#23006 #22062 #23125', 'after an update all agent tools loop: an admin is refused a write'),
  row('#24189 #21812 #21787', 'sessions_spawn and cron announce fail although the device is paired'),
  row('#21647', 'pairing on loopback after each restart'),
  row('#17425 #18734 #22280 #22838', '`devices approve` needs the upgrade that it came to approve'),
  row('#16305', 'bound to the LAN: pairing required for the command line, not for the console'),
  row('#22193 #21236', 'the list works, all else is refused: records without roles and scopes'),
  row('#23445', 'an identity made anew: a mismatch every 30 s, and a repair that nobody sees'),
  row('#20679', 'a rotation succeeds, and the command line still has the old token'),
  row('#18274 #18175 #19091 #17270', 'a stale device token blocks although the shared token is right'),
  row('#20664', 'reconnecting without any pause'),
  row('#22866', 'tokens are invalid after a restart'),
  row('#6836 #9625 #24998 #22655 #38124', '`nodes pending` is empty while a node is refused'),
  row('#25779', 'a node approved by itself has no role and no token'),
  row('#37749', 'a local node host retries about once a second with a role upgrade'),
  row('#36973 #56377 #62176 #81442 #87524 #92768', 'an update of the system needs a new approval'),
  row('#127176', 'a command line and a node host of one Windows computer take turns to be approved'),
  row('#46583 #45908 #46836 #48288 #48538 #52333', 'missing scope: operator.read, although the token has it'),
  row('#47103', '`devices list` ends in 1000 without a reason'),
  row('#69024 #81980 #97957 #81442', 'an id that is shown is unknown when it is approved'),
  row(
    '#95399 #81555 #92666 #74484 #118741 #94040',
    'the sole device can neither approve nor reject its repair',
  ),
  row('#76349 #76956', 'an admin’s device cannot approve: device-ownership-mismatch'),
  row('#65690 #69214 #70687 #153611', 'internal approval clients retry by themselves'),
  row('#71609', 'a mismatch loop of the Control UI that ends in a lock-out'),
  row('#72006 #72007', 'the scopes of a request widen before its approval'),
  row('#72857', 'a scope upgrade on a LAN or a VPS is always by hand'),
  row('#73636', 'the TUI loops after its state was wiped'),
  row('#76815 #99283 #99636 #108297 #111683', 'a new device for each launch'),
  row('#79292', 'a scope mismatch is told as a token mismatch, and the client deletes its token'),
  row('#82590', 'a node waits for ever after PAIRING_REQUIRED'),
  row('#101872 #112925', 'a client keeps its old token for ever after the approval'),
  row('#121317', 'a rotation of another device shows nothing'),
  row('#132857', 'approvals are lost with two processes'),
  row('#138491 #138492 #135617', 'management of tokens is denied, or allowed too much'),
  row('#139889', 'a browser is stranded by its approval'),
  row('#143263', 'a rotation that is recommended is always denied'),
  row('#148866', 'a restart loop with bind=lan'),
];

/** What upstream's 2026.9.6 has not solved. */
export const UNSOLVED: readonly Row[] = [
  row('2b.1 #21688', 'the loop itself'),
  row('2b.2', 'a device from afar that asks for more is thrown off'),
  row('2b.3 #82590', 'after a refusal a node host has to be started again'),
  row('2b.4', 'a client with a device token alone has nothing that could be approved'),
  row('2b.5 #101872 #112925', 'an approval ends the only credential'),
  row('2b.6 #74484 #92666', 'ids change when roles alternate or wishes grow'),
  row('2b.7 #72006', 'the union of all wishes is approved'),
  row('2b.8', 'one request that is not silent makes all later ones wait'),
  row('2b.9', 'rejected, superseded and expired are one'),
  row('2b.10', 'no bound for open requests'),
  row('2b.11', 'an audit line for each attempt'),
  row('2b.12 #136575', 'an approval overwrites what the sibling program is'),
  row('2b.13 #135676', 'new metadata is a full request for role and scopes'),
  row('2b.14', 'the shared secret undoes a narrowing'),
  row('2b.15', 'the shared secret undoes a revocation'),
  row('2b.16', 'a rotation is told as a removal'),
  row('2b.17 #121317', 'a rotation by another device locks out'),
  row('2b.18', 'the stages of one handshake judge different records'),
  row('2b.19 #77979', 'signatures are verified without a limit'),
  row('2b.20 #112475 #67618 #21647 #24998 #20679 #18274 #22193', 'reports that stayed open'),
  row('2b.21 #153611', 'a retry loop besides the shared policy'),
];

export const THREATS: readonly Row[] = [
  'scope escalation by rotate',
  'escalation by approve',
  'approve races',
  'self-approval',
  'replay of a connect',
  'spoofed device id',
  'spoofed metadata',
  'stolen device token',
  'scope string tricks',
  'token comparison timing',
  'tokens at rest',
  'pending flood',
  'unauthenticated memory',
  'CPU by signatures',
  'limiter map growth',
  'brute force',
  'cross-site WebSocket',
  'DNS rebinding / proxies',
  'stale live sessions',
  'information leak',
  'log/audit flooding',
  'race on silent pending',
].map(threat);

export const ADVISORIES: readonly Row[] = [
  row('GHSA-4jpw-hj22-2xmc', 'rotate minted scopes beyond the caller'),
  row('GHSA-2pwv-x786-56f8', 'tokens above the approved baseline'),
  row('GHSA-rqpp-rjj8-7wv8', 'device-less clients declared their own scopes'),
  row('GHSA-5wcw-8jjv-m286', 'cross-site WebSocket in trusted-proxy mode'),
  row(
    'GHSA-jv4g-m82p-2j93 GHSA-xwx2-ppv2-wx98',
    'oversized frames and long handshakes before authentication',
  ),
  row('GHSA-hf68-49fm-59cq CVE-2026-35639', 'the right to pair approves an admin'),
  row('GHSA-hc5h-pmr3-3497 CVE-2026-33579', 'a chat command approved without its caller’s scopes'),
  row('GHSA-9hjh-fr4f-gxc4 CVE-2026-35663', 'a backend claims admin when it reconnects'),
  row('GHSA-fqw4-mph7-2vr8', 'a reconnect by the shared secret widened a device'),
  row('GHSA-63f5-hhc7-cx6p', 'a bootstrap code used twice raises a request'),
  row('GHSA-7h7g-x2px-94hj', 'a setup code contained the gateway’s own token'),
  row('GHSA-whf9-3hcx-gq54 CVE-2026-42422', 'a rotation into a role that was never approved'),
  row('GHSA-xrq9-jm7v-g9h7 CVE-2026-41909', 'a paired device lists and approves others'),
  row('GHSA-r65x-2hqr-j5hf CVE-2026-32014', 'metadata that nobody signed'),
  row('CVE-2026-41399', 'upgraded sockets without a bound'),
  row('GHSA-mfg5-7q5g-f37j', 'sockets that never send their first frame'),
  row('#50626 #50627', 'a rotation of another device by its id'),
  row('#64158', 'a race for the latest request'),
  row('#72006', 'a request that widens before its approval'),
  row('#77979', 'signatures before authentication'),
  { ids: ['Unosecur report'], what: 'devices without tokens keep their roles after a revocation' },
];
