/**
 * Why our gateway differs from the published ones where it does. The first reason that fits is taken. A reason that
 * explains nothing any more fails a run.
 */
import type { Reason } from './compare.ts';

/** Commands that look at the gateway as a whole, not at its devices. */
const LOOKING = /openclaw (health|status|gateway)/;

const OF_AGENTS: readonly Reason[] = [
  {
    id: 'agents',
    why: 'agents, channels, sessions, jobs and their settings are not this gateway’s: it says that there are none',
    explains:
      /^[-+] ((health|status|config\.get|system-presence|channels\.status|cron\.list|prints)[.[]|says (Agents|Heartbeat|Session store|Gateway event loop|Gateway:|Wide-area|table|Sessions|Agents|Tasks|Channels|Events|Memory|Model|[\w ]+: ))/,
    of: LOOKING,
  },
  {
    id: 'jobs',
    why: 'there are no jobs to list here; a method that nobody has is told as that',
    explainsAllAfter: /^\+ refuses cron\.list: INVALID_REQUEST unknown method/,
  },
  {
    id: 'hello',
    why: 'hello names only what this gateway has; the rest of it is about agents, a dashboard and updates',
    explains:
      /^- hello\.(auth\.(method|recovery\w+)|server\.(host|\w+Id|controlUi\w+)|controlUiWidgetKinds|policy|snapshot|features\.events)\b/,
  },
  {
    id: 'own-hello',
    why: 'hello tells the events of waiting, and how clients prove that they belong here',
    explains: /^\+ hello\.(snapshot\.\w+|features\.events (connect\.pending|device\.))/,
  },
];

const OF_WAITING: readonly Reason[] = [
  {
    id: 'no-loop',
    why: 'openclaw/openclaw#21688: what the grant covers is served, where the published gateway throws the device off',
    explainsAllAfter: /^- refuses connect: NOT_PAIRED pairing required/,
  },
  {
    id: 'no-credential',
    why: 'a client that brings nothing is told that the token is missing, which it can act on, and not that its device is',
    explainsAllAfter: /^- refuses connect: NOT_PAIRED device identity required/,
  },
  {
    id: 'told-to-wait',
    why: 'a device without rights is held, told so, and then told to come back with the same request',
    explains:
      /^\+ (event connect\.pending|refuses connect\.(recommendedNextStep|retryable|pauseReconnect|approved\w+)\b)/,
  },
];

const OF_RIGHTS: readonly Reason[] = [
  {
    id: 'token-lives',
    why: 'the token that a device was given goes on working when its rights grow and whatever else it asks for',
    explainsAllAfter:
      /^- (refuses connect: INVALID_REQUEST unauthorized: (device token mismatch|gateway token missing)|says gateway [\w.]+ requires credentials)/,
  },
  {
    id: 'token-kept',
    why: 'so the token stays in the folder of the command line, where the published gateway made it delete it',
    explains:
      /^\+ in state\/(identity\/device-auth\.json|state\/openclaw\.sqlite: gateway_origin_device_tokens)|^- in state\/identity\/device-auth\.json: +"tokens": \{\}/,
    of: /device token only, state folder/,
  },
  {
    id: 'read-in-admin',
    why: 'admin covers reading, so that nothing had to be approved for it',
    explains: /^[-+] says table Scopes: /,
    of: /2026\.2\.19.*devices list/,
  },
  {
    id: 'local-probe',
    why: 'a probe from this computer with the shared secret sees what its owner may see',
    explains:
      /^(- hello, scopes $|\+ hello, scopes operator\.read$|[-+] hello\.auth\.scopes\[\]( string)?$|- refuses (system-presence|status|config\.get)\b|- says (Warning:$|- Read-probe diagnostics))/,
    of: /local, .*(status|probe)/,
  },
];

const OF_DEVICES: readonly Reason[] = [
  {
    id: 'more-of-a-request',
    why: 'a request shows its revision, what is missing, who asked for what, how often, and until when it stays',
    explains:
      /^\+ (device\.pair\.list|prints)\.pending\[\]\.(revision|missing|attempts|expiresAtMs|askedBy|clientVersion|remoteIp)\b/,
  },
  {
    id: 'more-of-a-device',
    why: 'a device shows the version of its client, from where it was paired, and whether it is connected',
    explains:
      /^\+ (device\.pair\.(list|approve)|prints)\.(paired\[\]|device)\.(clientVersion|remoteIp|connected)\b|^[-+] says table IP:/,
  },
  {
    id: 'declined',
    why: 'what an owner declined is listed, with how long it stays declined',
    explains: /^\+ (device\.pair\.list|prints)\.declined\[\]/,
  },
  {
    id: 'no-new-token',
    why: 'an approval keeps the token that the device holds, so that nothing is rotated by it',
    explains: /^- (device\.pair\.(list|approve)|prints)\.(paired\[\]|device)\.tokens\[\]\.rotatedAtMs\b/,
  },
  {
    id: 'who-approved',
    why: 'how a device was approved and when it was last seen is in its history, `antechamber devices log`',
    explains:
      /^- (device\.pair\.(list|approve)|prints)\.(paired\[\]|device)\.(approvedVia|lastSeen\w+|tokens\[\]\.lastUsedAtMs)\b/,
  },
  {
    id: 'label',
    why: 'the name that an owner gave stands in `displayName`, which both generations show, and in `label`',
    explains: /^[-+] (device\.pair\.list|prints)\.\w+\[\]\.(operatorLabel|displayName|label) string/,
  },
  {
    id: 'revoked',
    why: 'a role that was revoked is listed without scopes, because it has none any more',
    explains: /^[-+] (device\.pair\.list|prints)\.paired\[\]\.(roles|scopes|tokens\[\]\.scopes)\[\]/,
  },
  {
    id: 'withheld',
    why: 'the token of another device is shown to nobody; 2026.9 does the same, and says so with the same words',
    explains: /^[-+] (device\.token\.rotate|prints)\.token(Delivery)? string|^- says "token"/,
  },
  {
    id: 'told-apart',
    why: 'who watches is told how a request ended and by whom, and of every change of a device',
    explains: /^\+ event device\.pair\.(resolved\.(outcome|by) |changed)/,
  },
  {
    id: 'codes',
    why: 'a refusal says in `details` which one it is and what to do',
    explains: /^\+ refuses [\w.-]+\.(code|remediationHint) string/,
  },
  {
    id: 'unknown-at-once',
    why: 'an id that nobody knows is called unknown at once; 2026.9 answers “denied” first, and its command asks again as admin',
    explainsAllAfter: /^- refuses device\.pair\.approve: INVALID_REQUEST device pairing approval denied/,
    of: /devices approve 0{8}/,
  },
];

const OF_THE_MACHINE: readonly Reason[] = [
  {
    id: 'slow',
    why: 'the published gateway did not answer this in time on this machine',
    explainsAllAfter: /^- says .*\b(timed out|timeout)\b/,
    sometimes: true,
  },
];

export const WANTED: readonly Reason[] = [
  ...OF_WAITING,
  ...OF_RIGHTS,
  ...OF_DEVICES,
  ...OF_THE_MACHINE,
  ...OF_AGENTS,
];
