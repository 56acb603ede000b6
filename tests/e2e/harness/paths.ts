import {randomBytes} from 'node:crypto';
import {chmodSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../../..');

/** MEDIAROUTER_BIN chooses another build, such as the one with sanitizers. */
export function binary(name: string): string {
  return path.join(process.env.MEDIAROUTER_BIN ?? path.join(ROOT, 'build/release/bin'), name);
}

/** A new folder, world-searchable: a private Postgres that root starts runs as another user. */
export function dataFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'mr-e2e-'));
  chmodSync(folder, 0o755);
  return folder;
}

export function removeFolder(folder: string): void {
  rmSync(folder, {recursive: true, force: true, maxRetries: 5, retryDelay: 200});
}

/** What every process of ours starts with; nothing else of this machine's environment. */
export function baseEnvironment(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value && /^(PATH|LANG|TMPDIR|(A|UB|L)SAN_OPTIONS)$/.test(name)) kept[name] = value;
  }
  return {...kept, HOME: '/nonexistent', LOG_FORMAT: 'json', LOG_LEVEL: 'debug'};
}

/** A value that appears nowhere else, so that its presence in a log is proof of a leak. */
export function secret(prefix: string): string {
  return prefix + randomBytes(24).toString('hex');
}
