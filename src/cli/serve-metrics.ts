import type { Authority } from '../authority/authority.ts';
import type { Gateway, GatewayOptions } from '../gateway/server.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Store } from '../store/store.ts';

/** The figures of a running `serve`. */
export interface ServeMetrics {
  readonly wrap: (store: Store) => Store;
  readonly hooks: Pick<GatewayOptions, 'meter' | 'onAuthorized' | 'onScopesChanged'>;
  readonly noticed: Metrics['noticed'];
  begin(authority: Authority): Promise<void>;
  /** Answers scrapes from now on; the address where. Rejects when it cannot listen. */
  serve(gateway: Gateway): Promise<string>;
  stop(): Promise<void>;
}

/** Loaded only where it is wanted: what counts takes longer to load than all that is counted. */
export async function openMetrics(
  address: { readonly host: string; readonly port: number },
  version: string,
): Promise<ServeMetrics> {
  const [{ makeMetrics }, { startMetricsServer }] = await Promise.all([
    import('../metrics/metrics.ts'),
    import('../metrics/metrics-server.ts'),
  ]);
  const metrics = makeMetrics(version);
  let stopServer: () => Promise<void> = async () => {};
  return {
    wrap: (store) => metrics.timed(store),
    hooks: { meter: metrics.meter, ...metrics.callbacks },
    noticed: metrics.noticed,
    begin: (authority) => metrics.begin(authority),
    serve: async (gateway) => {
      metrics.show(gateway);
      const server = await startMetricsServer(metrics, address);
      stopServer = server.stop;
      return server.url;
    },
    stop: async () => {
      await stopServer();
      metrics.stop();
    },
  };
}
