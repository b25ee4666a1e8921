import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Authority } from '../authority/authority.ts';
import type { Attached } from '../gateway/attach.ts';
import type { SessionCallbacks } from '../gateway/core.ts';
import type { Meter } from '../gateway/meter.ts';
import type { Store } from '../store/store.ts';
import { RequestFigures } from './request-figures.ts';
import { timedStore } from './timed-store.ts';

/** The states of the connection machine that a socket stays in for longer than one turn. */
const CONNECTION_STATES = [
  'challenged',
  'proving',
  'authorizing',
  'paired',
  'upgradePending.held',
  'upgradePending.serving',
  'approved',
  'rejected',
  'deferred',
];
const DEVICE_STATES = ['unpaired', 'pairingPending', 'paired', 'upgradePending', 'revoked', 'revokedPending'];

const QUICK = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** From the 2 s slice of a command line up to the week that a request may live. */
const WAITING = [2, 10, 30, 60, 300, 900, 3600, 4 * 3600, 24 * 3600, 7 * 24 * 3600];
/** A parked socket is answered in milliseconds, a client that comes back in up to half a minute. */
const USABLE = [0.01, 0.05, 0.15, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 300];

/** The figures of one gateway, in the Prometheus text format. No label can take a value that a peer chose. */
export interface Metrics {
  /** To be given to the gateway. */
  readonly meter: Meter;
  readonly callbacks: Required<Pick<SessionCallbacks, 'onAuthorized' | 'onScopesChanged'>>;
  /** The same store, and how long it takes is seen. */
  timed(store: Store): Store;
  /** One notice to an owner ended, or one try of it failed. */
  noticed(result: 'delivered' | 'failed' | 'given-up'): void;
  /** Counts from now on what happens to requests. */
  begin(authority: Authority): Promise<void>;
  /** Shows the connections of this gateway. */
  show(gateway: Pick<Attached, 'connections'>): void;
  readonly contentType: string;
  text(): Promise<string>;
  stop(): void;
}

export function makeMetrics(version: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const info = { name: 'antechamber_build_info', help: 'Always 1.', labelNames: ['version'], registers };
  new Gauge(info).set({ version }, 1);
  const counted = connectCounters(registers);
  const requests = requestFigures(registers);
  const latency = new Histogram({
    name: 'antechamber_store_seconds',
    help: 'Time that an operation of the store took.',
    labelNames: ['operation'],
    buckets: QUICK,
    registers,
  });
  let authority: Authority | undefined;
  let gateway: Pick<Attached, 'connections'> | undefined;
  let figures: RequestFigures | undefined;
  showStates(registers, () => ({ gateway, store: authority?.store }));
  const canUse: Metrics['callbacks']['onAuthorized'] = (session) =>
    void (session.deviceId !== '' && figures?.canUse(session));
  return {
    meter: counted.meter,
    callbacks: { onAuthorized: canUse, onScopesChanged: canUse },
    timed: (store) => timedStore(store, (operation, seconds) => latency.observe({ operation }, seconds)),
    noticed: (result) => counted.notices.inc({ result }),
    begin: async (own) => {
      authority = own;
      figures = new RequestFigures(own, requests);
      await figures.start();
    },
    show: (own) => {
      gateway = own;
    },
    contentType: registry.contentType,
    text: async () => {
      await figures?.upToDate();
      return registry.metrics();
    },
    stop: () => figures?.stop(),
  };
}

function connectCounters(registers: Registry[]) {
  const attempts = new Counter({
    name: 'antechamber_attempts_total',
    help: 'Times that a device asked for rights, by what the authorization machine said; joined: its request was open.',
    labelNames: ['verdict'],
    registers,
  });
  const refusals = new Counter({
    name: 'antechamber_refusals_total',
    help: 'Connections that were not let in, by the reason.',
    labelNames: ['code', 'kind'],
    registers,
  });
  const notices = new Counter({
    name: 'antechamber_notices_total',
    help: 'Notices to owners: delivered, tries that failed, given up.',
    labelNames: ['result'],
    registers,
  });
  const meter: Meter = {
    asked: (verdict) => attempts.inc({ verdict }),
    refused: (code, kind) => refusals.inc({ code, kind }),
  };
  return { meter, notices };
}

function requestFigures(registers: Registry[]) {
  const opened = new Counter({
    name: 'antechamber_requests_opened_total',
    help: 'Requests that were opened in the store; gateways on one file tell the same.',
    registers,
  });
  const widened = new Counter({
    name: 'antechamber_requests_widened_total',
    help: 'Further revisions of open requests; gateways on one file tell the same.',
    registers,
  });
  const settled = new Counter({
    name: 'antechamber_requests_settled_total',
    help: 'Requests that were settled in the store, by outcome; gateways on one file tell the same.',
    labelNames: ['outcome'],
    registers,
  });
  const waited = new Histogram({
    name: 'antechamber_request_wait_seconds',
    help: 'Time from the opening of a request until it was settled.',
    labelNames: ['outcome'],
    buckets: WAITING,
    registers,
  });
  const usable = new Histogram({
    name: 'antechamber_approval_to_usable_seconds',
    help: 'Time from an owner’s approval until a session of the device at this gateway could use it.',
    buckets: USABLE,
    registers,
  });
  return {
    opened: () => opened.inc(),
    widened: () => widened.inc(),
    settled: (outcome: string, waitedSeconds: number) => {
      settled.inc({ outcome });
      waited.observe({ outcome }, waitedSeconds);
    },
    usable: (seconds: number) => usable.observe(seconds),
  };
}

interface Shown {
  readonly gateway: Pick<Attached, 'connections'> | undefined;
  readonly store: Pick<Store, 'countState'> | undefined;
}

/** What is counted when somebody looks, and costs nothing otherwise. */
function showStates(registers: Registry[], shown: () => Shown): void {
  new Gauge({
    name: 'antechamber_connections',
    help: 'Connections by the state of their machine; upgradePending.held waits with its connect unanswered.',
    labelNames: ['state'],
    registers,
    collect() {
      const counts = shown().gateway?.connections() ?? {};
      for (const state of CONNECTION_STATES) this.set({ state }, counts[state] ?? 0);
    },
  });
  new Gauge({
    name: 'antechamber_devices',
    help: 'Devices in a role by the state of their authorization; gateways on one file tell the same.',
    labelNames: ['state'],
    registers,
    async collect() {
      const { store } = shown();
      if (!store) return;
      for (const state of DEVICE_STATES) this.set({ state }, await store.countState(state));
    },
  });
}
