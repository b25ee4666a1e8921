/** A network of its own that has loopback and nothing else: no published program can reach anything. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

const INSIDE = 'ANTECHAMBER_INTEROP_ALONE';
const UP = 'ip link set lo up 2>/dev/null || ifconfig lo up; exec "$@"';

/** As root, or as anybody where the system lets users make namespaces; undefined where neither works. */
function unshare(): readonly string[] | undefined {
  return [['-n'], ['-rn']].find((flags) => spawnSync('unshare', [...flags, 'true']).status === 0);
}

export const isAlone = (): boolean => process.env[INSIDE] !== undefined;

/** Runs this program again in such a network and gives its exit code; undefined where that cannot be done. */
export async function runAlone(): Promise<number | undefined> {
  const flags = unshare();
  if (!flags) return undefined;
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn('unshare', [...flags, 'sh', '-c', UP, 'sh', ...again], {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: '1' },
  });
  const [code] = await once(child, 'exit');
  return code ?? 1;
}
