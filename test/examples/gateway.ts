import { Authority, autoApprovePolicy, memoryStore, openKeyRing, startGateway } from 'antechamber';

/** A gateway of its own, without a server of yours; this one forgets its devices when it stops. */
export async function startOwnGateway(folder: string, secret: string) {
  const store = memoryStore();
  const keys = await openKeyRing(folder, store);
  const authority = new Authority({
    store,
    realm: keys.realm,
    terms: { lifetimeMs: 60 * 60_000 },
    autoApprove: autoApprovePolicy('none'),
  });
  const gateway = await startGateway({
    authority,
    auth: { mode: 'token', secret },
    port: 0,
    waiting: { modes: { node: 'hold' } },
    limits: { parkedPerAddress: 16 },
  });
  return { gateway, authority };
}
