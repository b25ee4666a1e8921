import { type AttachOptions, type Authority, startGateway } from 'antechamber';

/** Who belongs here is decided by your own accounts; what each of their devices may do, still by an owner. */
export function startWithAccounts(authority: Authority, isAccountKey: (key: string) => Promise<boolean>) {
  // A device that was approved may bring the token that it was given instead: that is checked with its record.
  const authenticate: AttachOptions['authenticate'] = async ({ auth }) => {
    if (!auth.token) return { ok: false, problem: 'token-missing' };
    if (!(await isAccountKey(auth.token))) return { ok: false, problem: 'token-mismatch' };
    return { ok: true, credential: 'embedder' };
  };
  return startGateway({
    authority,
    port: 0,
    authenticate,
    // Devices may ask for these besides those of OpenClaw. `operator.admin` covers every `operator.*`.
    scopes: { operator: ['operator.deploy', 'operator.deploy.production'] },
    methods: {
      'deploy.start': {
        scope: 'operator.deploy',
        handle: ({ session }) => ({ ok: true, payload: { by: session.deviceId } }),
      },
    },
    waiting: { modes: { node: 'hold' } },
  });
}
