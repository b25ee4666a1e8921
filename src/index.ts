/** Device authorization for WebSocket gateways: a device that must wait, waits. */
export {
  type Access,
  Authority,
  type AuthorityOptions,
  type AutoApprove,
  autoApprovePolicy,
} from './authority/authority.ts';
export type { Caller } from './authority/callers.ts';
export type { Clock } from './authority/committer.ts';
export type { Deciding, Decision, DecisionDenial } from './authority/deciding.ts';
export * from './authority/device-decisions.ts';
export { type KeyRing, openKeyRing, rotateTokenKey } from './authority/keys.ts';
export { type DeviceList, listDevices } from './authority/listing.ts';
export { type OpenAuthority, type OpenOptions, openAuthority } from './authority/open.ts';
export { approve, reject, withdraw } from './authority/request-decisions.ts';
export { type Attached, type AttachOptions, attach } from './gateway/attach.ts';
export { type ConsoleOptions, type ConsolePages, openConsole } from './gateway/console-files.ts';
export type { Authenticate, Log, SessionCallbacks } from './gateway/core.ts';
export type { CredentialReading, SharedAuth } from './gateway/credentials.ts';
export type { LiveSession } from './gateway/live-session.ts';
export type { Meter } from './gateway/meter.ts';
export { type Answer, type Call, type Method, ok, refused } from './gateway/method.ts';
export { type Gateway, type GatewayOptions, startGateway } from './gateway/server.ts';
export type { Limits, WaitingSettings } from './gateway/settings.ts';
export type { ActorTap, ActorWatcher, TappedConnection } from './inspect/actor-tap.ts';
export { Inspector } from './inspect/inspector.ts';
export { type InspectorServer, startInspectorServer } from './inspect/inspector-server.ts';
export { readNoticeSecret } from './notices/notice-secret.ts';
export { type NoticeLog, type NoticeOptions, Notices } from './notices/notices.ts';
export type { ConnectRequest } from './protocol/connect.ts';
export { memoryStore } from './store/memory.ts';
export * from './store/store.ts';
