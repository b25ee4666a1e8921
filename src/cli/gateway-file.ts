import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeSecretFile } from '../authority/keys.ts';

/** What a running gateway leaves in its state folder for the verbs that want to reach it. */
export interface GatewayFile {
  readonly pid: number;
  readonly url: string;
}

function pathOf(folder: string): string {
  return join(folder, 'gateway.json');
}

export function writeGatewayFile(folder: string, file: GatewayFile): void {
  writeSecretFile(pathOf(folder), `${JSON.stringify(file)}\n`);
}

/** Takes the file away if it is still this process's own. */
export function removeGatewayFile(folder: string): void {
  if (readGatewayFile(folder)?.pid === process.pid) rmSync(pathOf(folder), { force: true });
}

/** The gateway that runs on a state folder; undefined when none does. A file that a crash left behind counts as none. */
export function runningGateway(folder: string): GatewayFile | undefined {
  const file = readGatewayFile(folder);
  return file && isAlive(file.pid) ? file : undefined;
}

function readGatewayFile(folder: string): GatewayFile | undefined {
  try {
    const { pid, url } = JSON.parse(readFileSync(pathOf(folder), 'utf8')) as Partial<GatewayFile>;
    return Number.isInteger(pid) && typeof url === 'string' ? { pid: pid as number, url } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process cannot be signalled, but it is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
